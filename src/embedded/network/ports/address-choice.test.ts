/** The addresses of a port, and the cost of finding them. */
import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NetworkStore, StoredPort, StoredSubnet } from '#contracts/store/network-store.ts';
import type { FixedIp } from '#core/networking/port.ts';
import { createNetworkStore } from '#integrations/database/services/network-store.ts';
import { migratedSqlite } from '#test/migrated-database.ts';
import { countedStatements } from '#test/databases/counted-statements.ts';
import { type AddressRequest, chooseAddresses } from './address-choice.ts';

let db: Kysely<unknown>;
let store: NetworkStore;
beforeEach(async () => {
  db = await migratedSqlite<unknown>(':memory:');
  store = createNetworkStore(db);
});
afterEach(() => db.destroy());

const kept = {
  ...{ projectId: 'p', name: '', description: '', revision: 1, createdAt: 1, updatedAt: 1 },
  tags: [],
};
const subnet: StoredSubnet = {
  ...kept,
  id: 's1',
  networkId: 'n1',
  ipVersion: 4,
  cidr: '10.0.0.0/16',
  gatewayIp: null,
  allocationPools: [
    { start: '10.0.0.2', end: '10.0.0.3' },
    { start: '10.0.1.0', end: '10.0.255.254' },
  ],
  dnsNameservers: [],
  hostRoutes: [],
  enableDhcp: false,
};
const port: StoredPort = {
  ...kept,
  id: '',
  networkId: 'n1',
  macAddress: '',
  adminStateUp: true,
  status: 'DOWN',
  deviceId: '',
  deviceOwner: '',
  fixedIps: [],
  securityGroupIds: [],
  portSecurityEnabled: true,
  vnicType: 'normal',
  numaAffinityPolicy: null,
  bindingHost: '',
  profile: {},
  vifType: 'unbound',
  vifDetails: {},
};

async function addSubnets(...subnets: StoredSubnet[]): Promise<void> {
  const segment = {
    networkType: 'flat',
    physicalNetwork: 'physnet1',
    segmentationId: null,
  } as const;
  const flags = { adminStateUp: true, shared: false, external: false, portSecurityEnabled: true };
  await store.addNetwork({ ...kept, ...flags, ...segment, id: 'n1', mtu: 1500 });
  for (const each of subnets) await store.addSubnet(each);
}

let ports = 0;
async function addPort(fixedIps: FixedIp[]): Promise<StoredPort> {
  ports += 1;
  const added = { ...port, id: `port-${ports}`, macAddress: `mac-${ports}`, fixedIps };
  await store.addPort(added);
  return added;
}
const inSubnet = (ipAddress: string, subnetId = 's1'): FixedIp => ({ subnetId, ipAddress });
const choose = (request: Partial<AddressRequest>) =>
  store.atomic((rows) =>
    chooseAddresses(rows, {
      ...{ networkId: 'n1', subnets: [subnet], requested: undefined },
      ...request,
    }),
  );
const addressesOf = (fixedIps: FixedIp[]) => fixedIps.map(({ ipAddress }) => ipAddress);

test('addresses are taken from the pools in order, skipping used ones', async () => {
  await addSubnets(subnet);
  await addPort(['10.0.0.2', '10.0.1.0'].map((text) => inSubnet(text)));
  const chosen = await choose({ requested: [{}, {}, { ip_address: '10.0.1.2' }, {}] });
  expect(addressesOf(chosen)).toEqual(['10.0.0.3', '10.0.1.1', '10.0.1.2', '10.0.1.3']);
});

test('an address costs the same however many are taken', async () => {
  await addSubnets(subnet);
  const cost = async () => {
    let chosen: FixedIp[] = [];
    const statements = await countedStatements(async () => {
      chosen = await choose({ requested: Array.from({ length: 16 }, () => ({})) });
    });
    await addPort(chosen);
    return {
      statements: statements.length,
      rows: statements.reduce((sum, { rows }) => sum + rows, 0),
    };
  };
  await cost();
  // The full first pool is passed over in the same statement.
  const expected = { statements: 16, rows: 16 };
  expect(await cost()).toEqual(expected);
  for (let made = 0; made < 60; made += 1) await cost();
  expect(await cost()).toEqual(expected);
  await store.removePort(`port-${ports - 30}`);
  expect(await cost()).toEqual(expected);
  expect(await cost()).toEqual(expected);
});

test('an address that was copied with the key of another is not given again', async () => {
  await addSubnets(subnet);
  const { id } = await addPort([inSubnet('10.0.0.2')]);
  await sql`
    insert into port_addresses (port_id, subnet_id, ip_address, position, address_key, next_address)
    select port_id, subnet_id, '10.0.0.3', 1, address_key, next_address from port_addresses
    where port_id = ${id}`.execute(db);
  expect(addressesOf(await choose({}))).toEqual(['10.0.1.0']);
});

/** Small pools, in any order, across a carry. */
const pools: Record<4 | 6, [string, string][]> = {
  4: [
    ['10.0.0.20', '10.0.0.24'],
    ['10.0.0.2', '10.0.0.5'],
    ['10.0.0.255', '10.0.1.1'],
  ],
  6: [
    ['fd00::fffe', 'fd00::1:2'],
    ['fd00::2', 'fd00::4'],
    ['fd00:0:0:1::', 'fd00:0:0:1::1'],
  ],
};
const ofVersion = (version: 4 | 6, order: number[]): StoredSubnet => ({
  ...subnet,
  id: `s${version}`,
  ipVersion: version,
  cidr: version === 4 ? '10.0.0.0/23' : 'fd00::/32',
  allocationPools: order.map((at) => {
    const [start = '', end = ''] = pools[version][at] ?? [];
    return { start, end };
  }),
});

/** The addresses of a subnet's pools one by one, as the rule has it. */
function walk({ allocationPools }: StoredSubnet): string[] {
  const after = (bytes: number[]): number[] => {
    const last = bytes.at(-1) ?? 0;
    return last < 255 ? [...bytes.slice(0, -1), last + 1] : [...after(bytes.slice(0, -1)), 0];
  };
  return allocationPools.flatMap(({ start, end }) => {
    const found: string[] = [];
    let bytes = ipaddr.parse(start).toByteArray();
    for (;;) {
      const text = ipaddr.fromByteArray(bytes).toString();
      found.push(text);
      if (text === end) return found;
      bytes = after(bytes);
    }
  });
}

const outside = {
  4: ['10.0.0.6', '10.0.0.19', '10.0.0.254', '10.0.1.2'],
  6: ['fd00::5', 'fd00::1:3'],
};
const order = fc.shuffledSubarray([0, 1, 2], { minLength: 1 });
const steps = fc.array(
  fc.record({
    act: fc.constantFrom('add', 'add', 'add', 'change', 'remove', 'pools', 'forget'),
    version: fc.constantFrom(4 as const, 6 as const),
    at: fc.nat(40),
    order,
    wanted: fc.array(fc.oneof(fc.constant(null), fc.nat(40)), { maxLength: 3 }),
  }),
  { maxLength: 40 },
);

test('the choice is that of a walk through the pools, whatever was added and removed', async () => {
  await addSubnets();
  await fc.assert(
    fc.asyncProperty(order, steps, async (first, all) => {
      const subnets = { 4: ofVersion(4, first), 6: ofVersion(6, first) };
      await store.addSubnet(subnets[4]);
      await store.addSubnet(subnets[6]);
      const has = new Map<string, FixedIp[]>();
      try {
        for (const { act, version, at, order: next, wanted } of all) {
          const [known] = [...has.keys()].slice(at % (has.size || 1));
          if (act === 'pools') subnets[version] = ofVersion(version, next);
          if (act === 'forget') {
            await sql`update port_addresses set address_key = null where subnet_id = ${`s${version}`}`.execute(
              db,
            );
          }
          if (act === 'remove' && known !== undefined) {
            await store.removePort(known);
            has.delete(known);
          }
          if (act !== 'add' && (act !== 'change' || known === undefined)) continue;
          const own = act === 'change' && known !== undefined ? (has.get(known) ?? []) : [];
          const here = subnets[version];
          const others = new Set(addressesOf([...has.values()].flat()));
          for (const text of addressesOf(own)) others.delete(text);
          const candidates = [...walk(here), ...outside[version]];
          const requested = wanted.map((index) =>
            index === null ? {} : { ip_address: candidates[index % candidates.length] ?? '' },
          );
          const expected = expectedChoice(here, requested, others);
          const chosen = choose({ subnets: [here], requested, own });
          if (expected === undefined) {
            await expect(chosen).rejects.toMatchObject({ kind: 'conflict' });
            continue;
          }
          const fixedIps = await chosen;
          expect(addressesOf(fixedIps)).toEqual(expected);
          if (act === 'add') {
            const added = await addPort(fixedIps);
            has.set(added.id, fixedIps);
          } else if (known !== undefined) {
            const [before] = await store.ports({ ids: [known] });
            if (before !== undefined) await store.updatePort({ ...before, fixedIps }, before);
            has.set(known, fixedIps);
          }
        }
      } finally {
        for (const id of has.keys()) await store.removePort(id);
        await store.removeSubnet('s4');
        await store.removeSubnet('s6');
      }
    }),
    { numRuns: 50 },
  );
});

/** Undefined: one is taken, or none is left. */
function expectedChoice(
  here: StoredSubnet,
  requested: { ip_address?: string }[],
  others: ReadonlySet<string>,
): string[] | undefined {
  const taken = new Set(others);
  const chosen: string[] = [];
  for (const { ip_address: given } of requested) {
    const one = given ?? walk(here).find((text) => !taken.has(text));
    if (one === undefined || taken.has(one)) return undefined;
    taken.add(one);
    chosen.push(one);
  }
  return chosen;
}
