/** Ports and their addresses in SQL. */
import type { Kysely } from 'kysely';
import type { NetworkRows, PortFilter, StoredPort } from '#contracts/network-store.ts';
import { readRows } from '../readable-rows.ts';
import { refuseDuplicate } from '../unique-violation.ts';
import { type NetworkTables, portShape } from './tables.ts';

type Database = Kysely<NetworkTables>;
type PortPart = Pick<
  NetworkRows,
  'addPort' | 'port' | 'ports' | 'updatePort' | 'removePort' | 'isMacTaken' | 'takenAddresses'
>;

export function portRows(db: Database): PortPart {
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
      return row && (await withAddresses(db, [row]))[0];
    },
    async ports(filter) {
      return withAddresses(db, await selectPorts(db, filter));
    },
    async updatePort(port) {
      const { fixedIps: _, ...body } = port;
      await refuseDuplicate(macTaken(port), () =>
        db.updateTable('ports').set(portShape.toRow(body)).where('id', '=', port.id).execute(),
      );
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

async function withAddresses(db: Database, rows: NetworkTables['ports'][]): Promise<StoredPort[]> {
  if (rows.length === 0) return [];
  let query = db.selectFrom('portAddresses').selectAll();
  // All addresses are read at once when there are many ports: a long list of ids costs more.
  if (rows.length <= 100)
    query = query.where(
      'portId',
      'in',
      rows.map((row) => row.id),
    );
  const byPort = Map.groupBy(await query.orderBy('position').execute(), (row) => row.portId);
  return readRows('ports', rows, (row) => ({
    ...portShape.fromRow(row),
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
