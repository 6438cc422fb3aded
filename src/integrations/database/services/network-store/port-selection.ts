/** Reading ports with their addresses. */
import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { FixedIp } from '#core/networking/port.ts';
import type { ListPage, PortFilter, StoredPort } from '#contracts/store/network-store.ts';
import { longReads } from '#runtime/serial-queue.ts';
import { prepared } from '../../rows/prepared.ts';
import { readRows } from '../../rows/readable-rows.ts';
import { isInList } from '../../engine/dialect.ts';
import { type NetworkTables, type PortBody, portShape } from './tables.ts';

type Db = Kysely<NetworkTables>;
type PortRow = NetworkTables['ports'];
type AddressRow = Pick<NetworkTables['portAddresses'], 'portId' | 'subnetId' | 'ipAddress'>;
/** A port and one of its addresses; nulls for a port without any. */
type JoinedRow = PortRow & { [Column in keyof AddressRow]: AddressRow[Column] | null };

const portOf = prepared((db: Db, given: { id: string }) =>
  withAddresses(db).where('ports.id', '=', given.id).orderBy('portAddresses.position'),
);

/** Of a damaged one the readable part. */
export async function onePort(db: Db, id: string): Promise<StoredPort | undefined> {
  const { rows } = await portOf(db, { id });
  return fromJoined(rows, portShape.fromAnyRow)[0];
}

/** More are read in parts, and other requests get a turn between these. */
const portsAtOnce = 500;

/** Those that the filter lets through, oldest first. */
export async function selectPorts(db: Db, filter: PortFilter): Promise<StoredPort[]> {
  const { ids, deviceId } = filter;
  if (ids?.length === 0) return [];
  const { bare, joined } = selectionOf(filter);
  const values = { ...filter, ids: JSON.stringify(ids) };
  const areFew = deviceId !== undefined || (ids !== undefined && ids.length <= portsAtOnce);
  if (areFew) return fromJoined((await joined(db, values)).rows, portShape.fromRow);
  return inParts(db, (await bare(db, values)).rows);
}

/**
 * A part of the same list. Damaged ones are left out, and do not make it shorter. undefined where
 * the filter does not let the port before it through.
 */
export async function selectPortPage(
  db: Db,
  filter: PortFilter,
  { after, limit }: ListPage,
): Promise<StoredPort[] | undefined> {
  let last: Place | undefined;
  if (after !== undefined) {
    const ids = filter.ids?.filter((id) => id === after) ?? [after];
    const { bare } = selectionOf({ ...filter, ids });
    [last] = (await bare(db, { ...filter, ids: JSON.stringify(ids) })).rows;
    if (last === undefined) return undefined;
  }
  const { first, later } = selectionOf(filter);
  const values = { ...filter, ids: JSON.stringify(filter.ids) };
  const ports: StoredPort[] = [];
  for (let isMore = limit > 0; isMore; isMore = ports.length < limit && last !== undefined) {
    const wanted = limit - ports.length;
    const { rows } =
      last === undefined
        ? await first(db, { ...values, limit: wanted })
        : await later(db, { ...values, limit: wanted, createdAt: last.createdAt, id: last.id });
    ports.push(...(await inParts(db, rows)));
    last = rows.length < wanted ? undefined : rows.at(-1);
  }
  return ports;
}

/** Where a port is in the list. */
type Place = Pick<PortRow, 'createdAt' | 'id'>;

const filters = ['ids', 'projectId', 'visibleTo', 'networkId', 'deviceId', 'name'] as const;
/** What a filter specifies; the ids are the text of a JSON list. */
type Values = { [Name in (typeof filters)[number]]?: string };

/** By the names in a filter, which are few. */
const selections = new Map<string, ReturnType<typeof newSelection>>();

function selectionOf(filter: PortFilter): ReturnType<typeof newSelection> {
  const names = filters.filter((name) => filter[name] !== undefined);
  const key = names.join();
  const selection = selections.get(key) ?? newSelection(names);
  selections.set(key, selection);
  return selection;
}

/** The statements of a filter that specifies these, with the addresses or without. */
function newSelection(names: readonly (typeof filters)[number][]) {
  const only = (given: Values): Values =>
    Object.fromEntries(names.map((name) => [name, given[name]]));
  return {
    bare: prepared((db: Db, given: Values) => filtered(bare(db), only(given))),
    joined: prepared((db: Db, given: Values) =>
      filtered(withAddresses(db), only(given)).orderBy('portAddresses.position'),
    ),
    first: prepared((db: Db, given: Values & Limit) =>
      filtered(bare(db), only(given)).limit(given.limit),
    ),
    later: prepared((db: Db, given: Values & Limit & Place) =>
      filtered(bare(db), only(given)).where(follows(given)).limit(given.limit),
    ),
  };
}

interface Limit {
  limit: number;
}

function follows({ createdAt, id }: Place): RawBuilder<SqlBool> {
  return sql`(${sql.ref('ports.createdAt')}, ${sql.ref('ports.id')}) > (${createdAt}, ${id})`;
}

function withAddresses(db: Db) {
  return db
    .selectFrom('ports')
    .leftJoin('portAddresses', 'portAddresses.portId', 'ports.id')
    .selectAll('ports')
    .select(['portAddresses.portId', 'portAddresses.subnetId', 'portAddresses.ipAddress']);
}

function bare(db: Db) {
  return db.selectFrom('ports').selectAll('ports');
}

function filtered<Query extends ReturnType<typeof bare>>(query: Query, given: Values): Query {
  const { ids, visibleTo, ...equal } = given;
  let found: ReturnType<typeof bare> = query;
  if (ids !== undefined) found = found.where(isInList('ports.id', ids));
  if (visibleTo !== undefined) {
    found = found.where((where) =>
      where.or([
        where('ports.projectId', '=', visibleTo),
        where(
          'ports.networkId',
          'in',
          where.selectFrom('networks').select('id').where('projectId', '=', visibleTo),
        ),
      ]),
    );
  }
  for (const name of ['projectId', 'networkId', 'deviceId', 'name'] as const) {
    const value = equal[name];
    if (value !== undefined) found = found.where(`ports.${name}`, '=', value);
  }
  return found.orderBy('ports.createdAt').orderBy('ports.id') as Query;
}

/** The rows of a port follow each other. */
function fromJoined(rows: JoinedRow[], read: (row: PortRow) => PortBody): StoredPort[] {
  const ports: PortRow[] = [];
  const addresses = new Map<string, FixedIp[]>();
  for (const { portId, subnetId, ipAddress, ...row } of rows) {
    const known = addresses.get(row.id) ?? [];
    if (!addresses.has(row.id)) ports.push(row);
    if (portId !== null) known.push({ subnetId, ipAddress } as FixedIp);
    addresses.set(row.id, known);
  }
  return readRows('ports', ports, (row) => ({
    ...read(row),
    fixedIps: addresses.get(row.id) ?? [],
  }));
}

const addressesOf = prepared((db: Db, given: { portIds: string }) =>
  db
    .selectFrom('portAddresses')
    .select(['portId', 'subnetId', 'ipAddress'])
    .where(isInList('portId', given.portIds))
    .orderBy('position'),
);

async function inParts(db: Db, rows: PortRow[]): Promise<StoredPort[]> {
  const ports: StoredPort[] = [];
  for (let start = 0; start < rows.length; start += portsAtOnce) {
    // SQLite answers synchronously.
    if (start > 0) await longReads.turn();
    const part = rows.slice(start, start + portsAtOnce);
    const portIds = JSON.stringify(part.map(({ id }) => id));
    const addresses = Map.groupBy(
      (await addressesOf(db, { portIds })).rows,
      ({ portId }) => portId,
    );
    const read = readRows('ports', part, (row) => ({
      ...portShape.fromRow(row),
      fixedIps: (addresses.get(row.id) ?? []).map(({ subnetId, ipAddress }) => ({
        subnetId,
        ipAddress,
      })),
    }));
    ports.push(...read);
  }
  return ports;
}
