/** Networks and subnets in SQL. */
import type { Insertable, Kysely, Updateable } from 'kysely';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { writeChanges } from '../../rows/changed-columns.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { networkShape, type NetworkTables, subnetShape } from './tables.ts';

type Db = Kysely<NetworkTables>;
type NetworkRow = NetworkTables['networks'];
type SubnetRow = NetworkTables['subnets'];
type NetworkPart = Pick<
  NetworkRows,
  'addNetwork' | 'network' | 'networkWithSubnets' | 'networks' | 'updateNetwork' | 'removeNetwork'
>;
type SubnetPart = Pick<
  NetworkRows,
  'addSubnet' | 'subnet' | 'subnets' | 'updateSubnet' | 'removeSubnet'
>;

export function networkRows(db: Db): NetworkPart & SubnetPart {
  return { ...networkPart(db), ...subnetPart(db) };
}

const addNetwork = preparedChange((db: Db, row: Insertable<NetworkRow>) =>
  db.insertInto('networks').values(row),
);
const networkOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('networks').selectAll().where('id', '=', given.id),
);
const allNetworks = prepared((db: Db) =>
  db.selectFrom('networks').selectAll().orderBy('createdAt').orderBy('id'),
);
const changeNetwork = preparedChange(
  (db: Db, columns: Updateable<NetworkRow>, given: { key: string }) =>
    db.updateTable('networks').set(columns).where('id', '=', given.key),
);
const removeNetwork = prepared((db: Db, given: { id: string }) =>
  db.deleteFrom('networks').where('id', '=', given.id),
);

/** The columns of a subnet, and their names beside those of its network. */
const subnetColumns = [
  ['id', 'subnetId'],
  ['projectId', 'subnetProjectId'],
  ['name', 'subnetName'],
  ['description', 'subnetDescription'],
  ['revision', 'subnetRevision'],
  ['createdAt', 'subnetCreatedAt'],
  ['updatedAt', 'subnetUpdatedAt'],
  ['tags', 'subnetTags'],
  ['networkId', 'subnetNetworkId'],
  ['ipVersion', 'subnetIpVersion'],
  ['cidr', 'subnetCidr'],
  ['gatewayIp', 'subnetGatewayIp'],
  ['allocationPools', 'subnetAllocationPools'],
  ['dnsNameservers', 'subnetDnsNameservers'],
  ['hostRoutes', 'subnetHostRoutes'],
  ['enableDhcp', 'subnetEnableDhcp'],
] as const satisfies readonly (readonly [keyof SubnetRow, string])[];

/** One row per subnet; a network without subnets has one with nulls. */
const withSubnetsOf = prepared((db: Db, given: { id: string }) =>
  db
    .selectFrom('networks')
    .leftJoin('subnets', 'subnets.networkId', 'networks.id')
    .selectAll('networks')
    .select(subnetColumns.map(([column, name]) => `subnets.${column} as ${name}` as const))
    .where('networks.id', '=', given.id)
    .orderBy('subnets.createdAt')
    .orderBy('subnets.id'),
);

/** Removes the subnet's columns from the row. Undefined where there are only nulls. */
function takeSubnet(row: Record<string, unknown>): SubnetRow | undefined {
  const subnet: Record<string, unknown> = {};
  for (const [column, name] of subnetColumns) {
    subnet[column] = row[name];
    // oxlint-disable-next-line typescript/no-dynamic-delete -- the rest is the network's row
    delete row[name];
  }
  return subnet['id'] === null ? undefined : (subnet as SubnetRow);
}

function networkPart(db: Db): NetworkPart {
  return {
    async addNetwork(network) {
      const { networkType, physicalNetwork, segmentationId } = network;
      await refuseDuplicate(
        `segment ${networkType} ${segmentationId ?? ''} of ${physicalNetwork} is in use`,
        () => addNetwork(db, networkShape.toRow(network), {}),
      );
    },
    async network(id) {
      const [row] = (await networkOf(db, { id })).rows;
      return row && networkShape.fromAnyRow(row);
    },
    async networkWithSubnets(id) {
      const { rows } = await withSubnetsOf(db, { id });
      const subnets = rows.flatMap((row) => takeSubnet(row) ?? []);
      const [row] = rows;
      if (row === undefined) return undefined;
      return {
        network: networkShape.fromAnyRow(row),
        subnets: readRows('subnets', subnets, subnetShape.fromRow),
      };
    },
    async networks() {
      return readRows('networks', (await allNetworks(db, {})).rows, networkShape.fromRow);
    },
    async updateNetwork(network, before) {
      const rows = {
        before: before && networkShape.toRow(before),
        after: networkShape.toRow(network),
      };
      await writeChanges(rows, (columns) => changeNetwork(db, columns, { key: network.id }));
    },
    async removeNetwork(id) {
      await removeNetwork(db, { id });
    },
  };
}

const addSubnet = preparedChange((db: Db, row: Insertable<SubnetRow>) =>
  db.insertInto('subnets').values(row),
);
const subnetOf = prepared((db: Db, given: { id: string }) =>
  db.selectFrom('subnets').selectAll().where('id', '=', given.id),
);
const allSubnets = prepared((db: Db) =>
  db.selectFrom('subnets').selectAll().orderBy('createdAt').orderBy('id'),
);
const subnetsOf = prepared((db: Db, given: { networkId: string }) =>
  db
    .selectFrom('subnets')
    .selectAll()
    .where('networkId', '=', given.networkId)
    .orderBy('createdAt')
    .orderBy('id'),
);
const changeSubnet = preparedChange(
  (db: Db, columns: Updateable<SubnetRow>, given: { key: string }) =>
    db.updateTable('subnets').set(columns).where('id', '=', given.key),
);
const removeSubnet = prepared((db: Db, given: { id: string }) =>
  db.deleteFrom('subnets').where('id', '=', given.id),
);

function subnetPart(db: Db): SubnetPart {
  return {
    async addSubnet(subnet) {
      await addSubnet(db, subnetShape.toRow(subnet), {});
    },
    async subnet(id) {
      const [row] = (await subnetOf(db, { id })).rows;
      return row && subnetShape.fromAnyRow(row);
    },
    async subnets(networkId) {
      const { rows } =
        networkId === undefined ? await allSubnets(db, {}) : await subnetsOf(db, { networkId });
      return readRows('subnets', rows, subnetShape.fromRow);
    },
    async updateSubnet(subnet, before) {
      const rows = {
        before: before && subnetShape.toRow(before),
        after: subnetShape.toRow(subnet),
      };
      await writeChanges(rows, (columns) => changeSubnet(db, columns, { key: subnet.id }));
    },
    async removeSubnet(id) {
      await removeSubnet(db, { id });
    },
  };
}
