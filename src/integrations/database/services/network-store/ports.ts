/** Ports and their addresses in SQL. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import type { NetworkRows, PortFilter, StoredPort } from '#contracts/store/network-store.ts';
import { eachTextOnce } from '../../rows/each-text-once.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { builtOnce } from '../../rows/built-once.ts';
import { isInList } from '../../sqlite/dialect.ts';
import { refuseDuplicate } from '../../sqlite/unique-violation.ts';
import { type NetworkTables, type PortBody, portShape } from './tables.ts';

type Database = Kysely<NetworkTables>;
type PortPart = Pick<
  NetworkRows,
  | 'addPort'
  | 'port'
  | 'ports'
  | 'portGroups'
  | 'portIdsOn'
  | 'updatePort'
  | 'removePort'
  | 'isMacTaken'
  | 'takenAddresses'
>;

export function portRows(db: Database): PortPart {
  const groupsOf = builtOnce(() =>
    db.selectFrom('ports').select(['id', 'securityGroupIds']).where(isInList('id', '[]')),
  );
  return {
    async addPort(port) {
      const { fixedIps: _, ...body } = port;
      await refuseDuplicate(macTaken(port), () =>
        db.insertInto('ports').values(portShape.toRow(body)).execute(),
      );
      await writeAddresses(db, port);
    },
    async port(id) {
      const row = await db.selectFrom('ports').selectAll().where('id', '=', id).executeTakeFirst();
      return row && (await withTheirAddresses(db, [row], portShape.fromAnyRow))[0];
    },
    async ports(filter) {
      return withAddresses(db, await selectPorts(db, filter));
    },
    async portGroups(ids) {
      const rows = await groupsOf(db, [JSON.stringify(ids)]);
      const read = eachTextOnce();
      const found = readRows('ports', rows, ({ id, securityGroupIds }): [string, string[]] => [
        id,
        read(securityGroupIds) as string[],
      ]);
      return new Map(found);
    },
    async portIdsOn(networkId) {
      const rows = await db
        .selectFrom('ports')
        .select('id')
        .where('networkId', '=', networkId)
        .orderBy('createdAt')
        .orderBy('id')
        .execute();
      return rows.map(({ id }) => id);
    },
    async updatePort(port, before) {
      const { fixedIps: _, ...body } = port;
      await refuseDuplicate(macTaken(port), () =>
        db.updateTable('ports').set(portShape.toRow(body)).where('id', '=', port.id).execute(),
      );
      if (before !== undefined && isDeepStrictEqual(before.fixedIps, port.fixedIps)) return;
      await db.deleteFrom('portAddresses').where('portId', '=', port.id).execute();
      await writeAddresses(db, port);
    },
    async removePort(id) {
      await db.deleteFrom('ports').where('id', '=', id).execute();
    },
    async isMacTaken(networkId, macAddress) {
      const found = await db
        .selectFrom('ports')
        .select('id')
        .where('networkId', '=', networkId)
        .where('macAddress', '=', macAddress)
        .executeTakeFirst();
      return found !== undefined;
    },
    async takenAddresses(subnetId) {
      const rows = await db
        .selectFrom('portAddresses')
        .select('ipAddress')
        .where('subnetId', '=', subnetId)
        .execute();
      return new Set(rows.map((row) => row.ipAddress));
    },
  };
}

function selectPorts(db: Database, filter: PortFilter) {
  let query = db.selectFrom('ports').selectAll();
  if (filter.ids !== undefined) query = query.where('id', 'in', filter.ids);
  if (filter.projectId !== undefined) query = query.where('projectId', '=', filter.projectId);
  const { visibleTo } = filter;
  if (visibleTo !== undefined) {
    query = query.where((where) =>
      where.or([
        where('projectId', '=', visibleTo),
        where(
          'networkId',
          'in',
          where.selectFrom('networks').select('id').where('projectId', '=', visibleTo),
        ),
      ]),
    );
  }
  if (filter.networkId !== undefined) query = query.where('networkId', '=', filter.networkId);
  if (filter.deviceId !== undefined) query = query.where('deviceId', '=', filter.deviceId);
  if (filter.name !== undefined) query = query.where('name', '=', filter.name);
  return query.orderBy('createdAt').orderBy('id').execute();
}

const portsAtOnce = 500;

/** One query per five hundred ports; reads only the addresses of these ports. */
async function withAddresses(db: Database, rows: NetworkTables['ports'][]): Promise<StoredPort[]> {
  const ports: StoredPort[] = [];
  for (let start = 0; start < rows.length; start += portsAtOnce) {
    // SQLite answers synchronously: other requests get a turn between the parts of a long list.
    if (start > 0) await afterEvents();
    ports.push(...(await withTheirAddresses(db, rows.slice(start, start + portsAtOnce))));
  }
  return ports;
}

async function withTheirAddresses(
  db: Database,
  rows: NetworkTables['ports'][],
  read: (row: NetworkTables['ports']) => PortBody = portShape.fromRow,
): Promise<StoredPort[]> {
  const ids = rows.map(({ id }) => id);
  const addresses = await db
    .selectFrom('portAddresses')
    .selectAll()
    .where('portId', 'in', ids)
    .orderBy('position')
    .execute();
  const byPort = Map.groupBy(addresses, ({ portId }) => portId);
  return readRows('ports', rows, (row) => ({
    ...read(row),
    fixedIps: (byPort.get(row.id) ?? []).map(({ subnetId, ipAddress }) => ({
      subnetId,
      ipAddress,
    })),
  }));
}

async function writeAddresses(db: Database, port: StoredPort): Promise<void> {
  if (port.fixedIps.length === 0) return;
  const rows = port.fixedIps.map((fixedIp, position) => ({
    portId: port.id,
    ...fixedIp,
    position,
  }));
  const addresses = port.fixedIps.map((fixedIp) => fixedIp.ipAddress).join(', ');
  await refuseDuplicate(`address ${addresses} is in use by another port`, () =>
    db.insertInto('portAddresses').values(rows).execute(),
  );
}

function macTaken(port: StoredPort): string {
  return `mac_address ${port.macAddress} is in use on network ${port.networkId}`;
}
