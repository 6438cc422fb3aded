/** Networks and subnets in SQL. */
import type { Kysely } from 'kysely';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { refuseDuplicate } from '../../sqlite/unique-violation.ts';
import { networkShape, type NetworkTables, subnetShape } from './tables.ts';

type NetworkPart = Pick<
  NetworkRows,
  'addNetwork' | 'network' | 'networks' | 'updateNetwork' | 'removeNetwork'
>;
type SubnetPart = Pick<
  NetworkRows,
  'addSubnet' | 'subnet' | 'subnets' | 'updateSubnet' | 'removeSubnet'
>;

export function networkRows(db: Kysely<NetworkTables>): NetworkPart & SubnetPart {
  return { ...networkPart(db), ...subnetPart(db) };
}

function networkPart(db: Kysely<NetworkTables>): NetworkPart {
  const all = () => db.selectFrom('networks').selectAll();
  return {
    async addNetwork(network) {
      const { networkType, physicalNetwork, segmentationId } = network;
      await refuseDuplicate(
        `segment ${networkType} ${segmentationId ?? ''} of ${physicalNetwork} is in use`,
        () => db.insertInto('networks').values(networkShape.toRow(network)).execute(),
      );
    },
    async network(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && networkShape.fromAnyRow(row);
    },
    async networks() {
      const rows = await all().orderBy('createdAt').orderBy('id').execute();
      return readRows('networks', rows, networkShape.fromRow);
    },
    async updateNetwork(network) {
      const row = networkShape.toRow(network);
      await db.updateTable('networks').set(row).where('id', '=', network.id).execute();
    },
    async removeNetwork(id) {
      await db.deleteFrom('networks').where('id', '=', id).execute();
    },
  };
}

function subnetPart(db: Kysely<NetworkTables>): SubnetPart {
  const all = () => db.selectFrom('subnets').selectAll();
  return {
    async addSubnet(subnet) {
      await db.insertInto('subnets').values(subnetShape.toRow(subnet)).execute();
    },
    async subnet(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && subnetShape.fromAnyRow(row);
    },
    async subnets(networkId) {
      const query = networkId === undefined ? all() : all().where('networkId', '=', networkId);
      const rows = await query.orderBy('createdAt').orderBy('id').execute();
      return readRows('subnets', rows, subnetShape.fromRow);
    },
    async updateSubnet(subnet) {
      const row = subnetShape.toRow(subnet);
      await db.updateTable('subnets').set(row).where('id', '=', subnet.id).execute();
    },
    async removeSubnet(id) {
      await db.deleteFrom('subnets').where('id', '=', id).execute();
    },
  };
}
