/**
 * The addresses of ports in SQL. Each row has its address as a key, in whose order the addresses of
 * a subnet are, and the next address; the database marks those whose next one is free. So the
 * lowest free one is found in an index.
 */
import ipaddr from 'ipaddr.js';
import { type Insertable, type Kysely, sql } from 'kysely';
import type { AllocationPool, NetworkRows, StoredPort } from '#contracts/store/network-store.ts';
import { prepared, preparedChange } from '../../rows/prepared.ts';
import { refuseDuplicate } from '../../sqlite/unique-violation.ts';
import type { NetworkTables } from './tables.ts';

type Db = Kysely<NetworkTables>;
type AddressRow = Insertable<NetworkTables['portAddresses']>;
type AddressPart = Pick<NetworkRows, 'isAddressTaken' | 'freeAddress' | 'takenAddresses'>;

export function addressRows(db: Db): AddressPart {
  return {
    async isAddressTaken(subnetId, ipAddress) {
      return (await takenOne(db, { subnetId, ipAddress })).rows.length > 0;
    },
    async freeAddress(subnetId, range) {
      const found = await search(db, subnetId, range);
      if (found.isSure) return found.free;
      return (await renewKeys(db, subnetId))
        ? (await search(db, subnetId, range)).free
        : found.free;
    },
    async takenAddresses(subnetId) {
      const { rows } = await takenOf(db, { subnetId });
      return new Set(rows.map((row) => row.ipAddress));
    },
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
  db
    .selectFrom('portAddresses')
    .select(['portId', 'subnetId', 'ipAddress', 'position', 'addressKey', 'nextAddress'])
    .where('subnetId', '=', given.subnetId),
);
const addAddress = preparedChange((db: Db, row: AddressRow) =>
  db.insertInto('portAddresses').values(row),
);
const removeAddress = prepared((db: Db, given: { subnetId: string; ipAddress: string }) =>
  db
    .deleteFrom('portAddresses')
    .where('subnetId', '=', given.subnetId)
    .where('ipAddress', '=', given.ipAddress),
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

/** The start, or the address after the run that the start is in; and what makes it doubtful. */
const firstFree = prepared((db: Db, given: { subnetId: string; start: string; key: string }) => {
  const ofSubnet = db
    .selectFrom('portAddresses')
    .select('nextAddress')
    .where('subnetId', '=', given.subnetId);
  const afterRun = ofSubnet
    // A literal, as in the index of only these.
    .where('endsRun', '=', sql.lit(1))
    .where('addressKey', '>=', given.key)
    .orderBy('addressKey')
    .limit(1);
  const free = db.selectNoFrom((is) => [
    is
      .case()
      .when(is.exists(ofSubnet.where('ipAddress', '=', given.start)))
      .then(afterRun)
      .else(given.start)
      .end()
      .as('address'),
    is.exists(ofSubnet.where('addressKey', 'is', null)).as('isAnyUnkeyed'),
  ]);
  return db
    .selectFrom(free.as('free'))
    .selectAll()
    .select((is) =>
      is.exists(ofSubnet.whereRef('ipAddress', '=', is.ref('free.address'))).as('isTaken'),
    );
});

/**
 * `isSure`: no key shows itself as wrong or missing. Rows of an older version have none, and those
 * that an operator copied have another's.
 */
async function search(
  db: Db,
  subnetId: string,
  { start, end }: AllocationPool,
): Promise<{ free: string | undefined; isSure: boolean }> {
  const key = keyOf(bytesOf(start));
  const [found] = (await firstFree(db, { subnetId, start, key })).rows;
  const free = found?.address ?? noAddress;
  const isInRange = free !== noAddress && keyOf(bytesOf(free)) <= keyOf(bytesOf(end));
  return {
    free: isInRange ? free : undefined,
    isSure: !found?.isAnyUnkeyed && !found?.isTaken,
  };
}

/** Corrects the keys of a subnet. False: all were right. */
async function renewKeys(db: Db, subnetId: string): Promise<boolean> {
  const { rows } = await takenOf(db, { subnetId });
  const renewed = rows.flatMap((row) => {
    const { addressKey, nextAddress } = keysOf(row.ipAddress);
    const isRight = row.addressKey === addressKey && row.nextAddress === nextAddress;
    return isRight ? [] : [{ ...row, addressKey, nextAddress }];
  });
  for (const { ipAddress } of renewed) await removeAddress(db, { subnetId, ipAddress });
  for (const row of renewed) await addAddress(db, row, {});
  return renewed.length > 0;
}

/** After the last address there is none; no row has this text. */
const noAddress = '';

/**
 * Example: `10.0.0.255` → key `0a0000ff`, next `10.0.1.0`. The keys of one IP version have one
 * length. A text that is no address comes before all and has no next.
 */
function keysOf(text: string): { addressKey: string; nextAddress: string } {
  const bytes = bytesOf(text);
  const addressKey = keyOf(bytes);
  const at = bytes.findLastIndex((byte) => byte < 255);
  if (at < 0) return { addressKey, nextAddress: noAddress };
  const next = bytes.map((byte, index) => (index < at ? byte : index > at ? 0 : byte + 1));
  const isFour = next.length === 4;
  return {
    addressKey,
    nextAddress: isFour ? next.join('.') : ipaddr.fromByteArray(next).toString(),
  };
}

function keyOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Empty for a text that is no address. Those of IPv4 are the most, and stored in one form. */
function bytesOf(text: string): number[] {
  const parts = text.split('.');
  const bytes = parts.map(Number);
  const isFour = parts.length === 4 && parts.every((part, at) => part === String(bytes[at]));
  if (isFour && bytes.every((byte) => byte >= 0 && byte <= 255)) return bytes;
  return ipaddr.isValid(text) ? ipaddr.parse(text).toByteArray() : [];
}
