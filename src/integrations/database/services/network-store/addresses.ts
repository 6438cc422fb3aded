/**
 * The addresses of ports in SQL. Each row has its address as a key, in whose order the addresses of
 * a subnet are, and the next address; the database marks those whose next one is free. So the
 * lowest free one is found in an index.
 */
import { type Insertable, type Kysely, sql } from 'kysely';
import type { AllocationPool, NetworkRows, StoredPort } from '#contracts/store/network-store.ts';
import { keyOf, keysOf } from '../../rows/address-keys.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { textsInList } from '../../engine/dialect.ts';
import type { NetworkTables } from './tables.ts';

type Db = Kysely<NetworkTables>;
type AddressRow = Insertable<NetworkTables['portAddresses']>;
type AddressPart = Pick<NetworkRows, 'isAddressTaken' | 'freeAddress' | 'takenAddresses'>;

export function addressRows(db: Db): AddressPart {
  return {
    async isAddressTaken(subnetId, ipAddress) {
      return (await takenOne(db, { subnetId, ipAddress })).rows.length > 0;
    },
    freeAddress: (subnetId, ranges) => search(db, subnetId, ranges),
    takenAddresses: (subnetId) => takenIn(db, subnetId),
  };
}

const takenOne = prepared((db: Db, given: { subnetId: string; ipAddress: string }) =>
  db
    .selectFrom('portAddresses')
    .select('position')
    .where('subnetId', '=', given.subnetId)
    .where('ipAddress', '=', given.ipAddress),
);
const takenOf = prepared((db: Db, given: { subnetId: string }) =>
  db.selectFrom('portAddresses').select('ipAddress').where('subnetId', '=', given.subnetId),
);
const addAddress = preparedChange((db: Db, row: AddressRow) =>
  db.insertInto('portAddresses').values(row),
);
const removeAddresses = prepared((db: Db, given: { portId: string }) =>
  db.deleteFrom('portAddresses').where('portId', '=', given.portId),
);

/** Adds the addresses of a port. Throws `conflict` when another port has one of them. */
export async function writeAddresses(db: Db, port: StoredPort): Promise<void> {
  const addresses = port.fixedIps.map((fixedIp) => fixedIp.ipAddress).join(', ');
  await refuseDuplicate(`address ${addresses} is in use by another port`, async () => {
    for (const [position, fixedIp] of port.fixedIps.entries()) {
      const row = { portId: port.id, ...fixedIp, position, ...keysOf(fixedIp.ipAddress) };
      await addAddress(db, row, {});
    }
  });
}

/** Removes the port's addresses and adds those that it has now. */
export async function replaceAddresses(db: Db, port: StoredPort): Promise<void> {
  await removeAddresses(db, { portId: port.id });
  await writeAddresses(db, port);
}

/** A range with the keys of its ends. */
type KeyedRange = Record<'start' | 'startKey' | 'endKey', string>;

/**
 * In the first range that has a free one: its start, or the address after the run that the start is
 * in. Also whether a row has no key, and whether the address is taken, which wrong keys cause.
 */
const firstFree = prepared((db: Db, given: { subnetId: string; ranges: string }) => {
  const ofSubnet = db.selectFrom('portAddresses').where('subnetId', '=', given.subnetId);
  const ranges = textsInList<KeyedRange>(given.ranges, {
    start: 'start',
    start_key: 'startKey',
    end_key: 'endKey',
  });
  const ofRange = db.selectFrom(ranges.as('range')).select((is) => {
    const afterRun = ofSubnet
      .select('nextAddress')
      // A literal, as in the index of only these.
      .where('endsRun', '=', sql.lit(1))
      .where('addressKey', '>=', is.ref('range.startKey'))
      .where('addressKey', '<', is.ref('range.endKey'))
      .orderBy('addressKey')
      .limit(1);
    const isStartTaken = is.exists(
      ofSubnet.select('position').where('ipAddress', '=', is.ref('range.start')),
    );
    const free = is.case().when(isStartTaken).then(afterRun).else(is.ref('range.start')).end();
    return ['range.at', free.as('address')];
  });
  // Materialized: otherwise each use of the address computes it again.
  return db
    .with(
      (is) => is('free').materialized(),
      () => ofRange,
    )
    .with(
      (is) => is('first').materialized(),
      (is) =>
        is
          .selectFrom('free')
          .select('address')
          .where('address', 'is not', null)
          .orderBy('at')
          .limit(1),
    )
    .selectNoFrom((is) => [
      is.selectFrom('first').select('address').as('address'),
      is.exists(ofSubnet.select('position').where('addressKey', 'is', null)).as('isAnyUnkeyed'),
      is
        .exists(
          is
            .selectFrom('first')
            .innerJoin('portAddresses', 'portAddresses.ipAddress', 'first.address')
            .select('position')
            .where('subnetId', '=', given.subnetId),
        )
        .as('isTaken'),
    ]);
});

async function search(
  db: Db,
  subnetId: string,
  ranges: readonly AllocationPool[],
): Promise<string | undefined> {
  const keyed = ranges.map(({ start, end }) => ({
    start,
    startKey: keyOf(start),
    endKey: keyOf(end),
  }));
  const [found] = (await firstFree(db, { subnetId, ranges: JSON.stringify(keyed) })).rows;
  const isSure = !found?.isAnyUnkeyed && !found?.isTaken;
  return isSure ? (found?.address ?? undefined) : walk(db, subnetId, keyed);
}

/** For rows that were not written by this version, with missing or copied keys. */
async function walk(
  db: Db,
  subnetId: string,
  ranges: readonly KeyedRange[],
): Promise<string | undefined> {
  const taken = await takenIn(db, subnetId);
  for (const { start, endKey } of ranges) {
    let free = start;
    while (taken.has(free)) free = keysOf(free).nextAddress;
    if (free !== '' && keyOf(free) <= endKey) return free;
  }
  return undefined;
}

async function takenIn(db: Db, subnetId: string): Promise<Set<string>> {
  const { rows } = await takenOf(db, { subnetId });
  return new Set(rows.map((row) => row.ipAddress));
}
