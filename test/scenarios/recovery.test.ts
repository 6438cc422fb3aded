/**
 * An agent is killed, or its host fails, at every single call of every action on a guest:
 * afterwards the action is done or undone, a running guest has exactly its devices, no VF has two
 * guests, and a deleted server leaves nothing behind.
 */
import { expect } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import { baselineDifferences, vfBaseline, type VfState } from '#core/pci/vf/vf-state.ts';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const vfsPerHost = 3;
const vfs = {
  text: '{"vendor_id": "15b3", "product_id": "1018", "physical_network": "physnet1"}',
  source: 'test',
};

/** A host for each call of an action, and one that is not disturbed. */
const withHosts =
  (count: number) =>
  (config: Config): Config => {
    const hosts = Array.from({ length: count }, (_, at) => ({
      name: `host-${at + 1}`,
      deviceSpec: [vfs],
      devices: [{ kind: 'PF' as const, bus: '3b', vfs: vfsPerHost }],
      bridgeMappings: ['physnet1'],
    }));
    return { ...config, simulated: { kind: 'described', hosts } };
  };

/** One host with a server of its own, and what the test needs of it. */
interface Place {
  cloud: Cloud;
  hosts: AllInOne['hosts'];
  host: string;
  ports: string[];
  /** Not on the server yet. */
  sparePort: string;
  serverId: string;
  /** The state of its VFs before a guest had one. */
  untouched: VfState[];
}

/** MAC, VLAN and all other settings of each VF. */
function vfStates(hosts: AllInOne['hosts'], host: string): Promise<VfState[]> {
  return hosts.onHost(host, ({ pciBus, machine }) => {
    const vfsThere = machine.functions.filter(({ parentAddress }) => parentAddress !== null);
    return Promise.all(vfsThere.map(({ address }) => pciBus.vfState(address)));
  });
}

interface Act {
  name: string;
  /** More than the action has calls to the host; and those of them that change something. */
  calls: number;
  changes: number;
  /** The actions that lead to it from an active server. 'none': it starts without one. */
  before: 'none' | ((place: Place) => Promise<void>);
  run: (place: Place) => Promise<void>;
  /** Statuses in which it may end; none: the server is deleted. */
  ends: string[];
}

/** Sends the request, and returns when no task is running. */
async function ask({ cloud, serverId }: Place, body: object, ...ends: string[]): Promise<void> {
  const path = `/servers/${serverId}/action`;
  expect((await cloud.send('compute', 'POST', path, { body })).status).toBe(202);
  await cloud.settled(serverId, ...ends);
}

async function boot(place: Place): Promise<void> {
  const networks = place.ports.map((port) => ({ port }));
  const zone = { availability_zone: `nova:${place.host}` };
  place.serverId = await place.cloud.boot(networks, zone);
  await place.cloud.settled(place.serverId, 'ACTIVE', 'ERROR');
}

async function attach({ cloud, serverId, sparePort }: Place): Promise<void> {
  const body = { interfaceAttachment: { port_id: sparePort } };
  await cloud.send('compute', 'POST', `/servers/${serverId}/os-interface`, { body });
}

async function detach({ cloud, serverId, ports }: Place): Promise<void> {
  const path = `/servers/${serverId}/os-interface`;
  await cloud.send('compute', 'DELETE', `${path}/${ports[0]}`);
  await cloud.until(async () => {
    const { interfaceAttachments } = await cloud.ok('compute', 'GET', path);
    return { done: interfaceAttachments.length === 1, value: interfaceAttachments };
  });
}

async function remove({ cloud, serverId }: Place): Promise<void> {
  await cloud.send('compute', 'DELETE', `/servers/${serverId}`);
  await cloud.gone(serverId);
}

const fromActive = async () => {};
const suspend = (place: Place) => ask(place, { suspend: null }, 'SUSPENDED', 'ACTIVE');
const rebooted = { reboot: { type: 'HARD' } };

const acts: Act[] = [
  { name: 'boot', calls: 29, changes: 9, before: 'none', run: boot, ends: ['ACTIVE', 'ERROR'] },
  { name: 'delete', calls: 36, changes: 14, before: fromActive, run: remove, ends: [] },
  { name: 'attach', calls: 18, changes: 5, before: fromActive, run: attach, ends: ['ACTIVE'] },
  { name: 'detach', calls: 20, changes: 6, before: fromActive, run: detach, ends: ['ACTIVE'] },
  {
    name: 'hard reboot',
    calls: 23,
    changes: 8,
    before: fromActive,
    run: (place) => ask(place, rebooted, 'ACTIVE', 'ERROR'),
    ends: ['ACTIVE', 'ERROR'],
  },
  {
    name: 'stop',
    // Five, and those of the report of the changed VFs when it comes at that time.
    calls: 24,
    changes: 2,
    before: fromActive,
    run: (place) => ask(place, { 'os-stop': null }, 'SHUTOFF', 'ACTIVE'),
    ends: ['SHUTOFF', 'ACTIVE'],
  },
  {
    name: 'suspend',
    calls: 24,
    changes: 3,
    before: fromActive,
    run: suspend,
    ends: ['SUSPENDED', 'ACTIVE'],
  },
  {
    name: 'resume',
    calls: 19,
    changes: 6,
    before: suspend,
    run: (place) => ask(place, { resume: null }, 'ACTIVE', 'SUSPENDED'),
    ends: ['SUSPENDED', 'ACTIVE'],
  },
];

/**
 * How a call is disturbed. After a read-only call the host is unchanged, so being killed there is
 * no separate case.
 */
const disturbances = [
  { name: 'fails', when: 'before', dies: false, only: 'calls' },
  { name: 'succeeds and then fails', when: 'after', dies: false, only: 'changes' },
  { name: 'succeeds and then its agent is killed', when: 'after', dies: true, only: 'changes' },
] as const;

/** Read-only calls. */
const reads = new Set([
  'facts',
  'missing',
  'listGuests',
  'domainXml',
  'listFunctions',
  'functionAt',
  'driverOf',
  'ifnameOf',
  'vfState',
  'unsupportedSettings',
  'deviceFacts',
  'read',
  'keys',
]);

/** Makes the call with this number (from 1) fail, once. Returns whether there was such a call. */
function disturb(
  { hosts, host }: Place,
  callNumber: number,
  { when, dies, only }: (typeof disturbances)[number],
): () => Promise<boolean> {
  let calls = 0;
  let back: Promise<void> | undefined;
  hosts.watchCalls(host, (call, now) => {
    if (now !== when || (only === 'changes' && reads.has(call.act))) return;
    calls += 1;
    if (calls !== callNumber) return;
    hosts.watchCalls(host, undefined);
    back = Promise.resolve();
    if (!dies) throw new ComputeError('unavailable', 'the host failed here');
    hosts.kill(host);
    back = hosts.start(host);
  });
  return async () => {
    hosts.watchCalls(host, undefined);
    await back;
    return back !== undefined;
  };
}

const powerOf = { running: 1, paused: 3, shutOff: 4, saved: 4, crashed: 6 };

/** Rows and host agree, and nothing is half done. */
async function becomesWhole({ cloud, hosts, host, serverId }: Place): Promise<string> {
  return cloud.until(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${serverId}`);
    const { devices } = await cloud.ok('operator', 'GET', `/servers/${serverId}/explain`);
    const guests = await hosts.onHost(host, ({ hypervisor }) => hypervisor.listGuests());
    const nics = await cloud.ok('compute', 'GET', `/servers/${serverId}/os-interface`);
    const held = devices.map(({ address }: { address: string }) => address).sort();
    const [guest, ...others] = guests;
    const value = { server, devices, guests, nics };
    if (guest === undefined) {
      const isUndone = server.status === 'ERROR' && held.length === 0;
      return { done: isUndone, value: server.status, ...value };
    }
    const inGuest = guest.devices.map(({ address }) => address).sort();
    const done =
      others.length === 0 &&
      guest.id === serverId &&
      server['OS-EXT-STS:power_state'] === powerOf[guest.state] &&
      (server.status === 'ACTIVE') === (guest.state === 'running' && server.status !== 'ERROR') &&
      devices.every(({ status }: { status: string }) => status === 'allocated') &&
      held.length === nics.interfaceAttachments.length &&
      (guest.state !== 'running' || String(inGuest) === String(held));
    return { done, value: server.status, ...value };
  });
}

async function expectNothingLeft({
  cloud,
  hosts,
  host,
  ports,
  sparePort,
  untouched,
}: Place): Promise<void> {
  // What could not be cleaned is quarantined until a later attempt: a start is one.
  await hosts.restart(host);
  const { devices } = await cloud.ok('operator', 'GET', `/pci/devices?host=${host}`);
  expect(devices.map(({ status }: { status: string }) => status)).toEqual(
    Array.from({ length: vfsPerHost }, () => 'available'),
  );
  const guests = await hosts.onHost(host, ({ hypervisor }) => hypervisor.listGuests());
  expect(guests).toEqual([]);
  const now = await vfStates(hosts, host);
  const differences = untouched.flatMap((before, at) => [
    ...baselineDifferences(vfBaseline(before), now[at]!, null),
    ...(now[at]?.own?.macAddress === before.own?.macAddress
      ? []
      : ['it has another MAC of its own']),
  ]);
  expect(differences).toEqual([]);
  for (const port of [...ports, sparePort]) {
    expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
  }
}

async function aPlace(cloud: Cloud, { hosts }: AllInOne, at: number, red: string): Promise<Place> {
  const [direct, macvtap, sparePort] = await Promise.all([
    cloud.port(red, 'direct'),
    cloud.port(red, 'macvtap'),
    cloud.port(red, 'macvtap'),
  ]);
  const host = `host-${at}`;
  const untouched = structuredClone(await vfStates(hosts, host));
  const ports = [direct, macvtap];
  return { cloud, hosts, host, ports, sparePort, serverId: '', untouched };
}

/** A few at a time: each waits for its own host, on a shared machine. */
async function inParallel<T>(works: (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const waiting = [...works.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next[0]] = await next[1]();
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
  return results;
}

const timeoutMs = 240_000;

for (const act of acts) {
  for (const disturbance of disturbances) {
    scenario(
      `${act.name}: whichever call ${disturbance.name}, the action is done or undone`,
      async (cloud, running) => {
        const red = await cloud.network('red');
        const numbers = Array.from({ length: act[disturbance.only] }, (_, at) => at + 1);
        const happened = await inParallel(
          numbers.map((number) => async () => {
            const place = await aPlace(cloud, running, number, red);
            if (act.before !== 'none') {
              await boot(place);
              await act.before(place);
            }
            const ended = disturb(place, number, disturbance);
            await act.run(place);
            const wasDisturbed = await ended();
            if (act.ends.length > 0) {
              expect(act.ends).toContain(await becomesWhole(place));
              await remove(place);
            }
            await expectNothingLeft(place);
            return wasDisturbed;
          }),
        );
        // Every call was disturbed once: the first hosts met the disturbance, the last did not.
        expect([happened.at(0), happened.at(-1)]).toEqual([true, false]);
      },
      withHosts(act[disturbance.only]),
      timeoutMs,
    );
  }
}
