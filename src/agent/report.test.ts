/** An agent's report of its devices: odd cards, and what the hypervisor knows of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import { ComputeError } from '#core/errors.ts';
import { reconcileInventory } from '#core/pci/claims/inventory.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { SysfsPciBus } from '#integrations/sysfs/pci-bus.ts';
import { type DescribedCard, writeCards } from '#test/hosts/described-cards.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import * as odd from '#test/hosts/odd-cards.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GuestQueue } from './commands/guest-queue.ts';
import { hostParts } from './host-parts.ts';
import { reportHost } from './report.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-report-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function reported(cards: Record<string, DescribedCard>, entry: object) {
  const root = writeCards(mkdtempSync(join(folder, 'sys-')), cards);
  const pciBus = new SysfsPciBus({ root, run: async () => '[]' });
  const { functions } = await pciBus.listFunctions();
  const deviceSpecs = parseDeviceSpecs([{ object: entry, source: 'test' }], functions);
  const options = { ...anIgbHost(folder).options, pciBus, deviceSpecs };
  const { devices } = await reportHost(options, hostParts(options), new GuestQueue());
  return devices.map(({ function: fn }) => [fn.address, fn.quarantine]);
}

const forPorts = { physical_network: 'physnet1' };

test('a VF for ports whose PF has no interface is reported with the reason, and counts for no request', async () => {
  const vf = { vendor_id: '177d', product_id: 'a034' };
  expect(await reported(odd.pfWithoutInterface, { ...vf, ...forPorts })).toEqual([
    ['0002:01:00.1', expect.stringContaining('PF 0002:01:00.0 has no network interface')],
  ]);
  expect(await reported(odd.pfWithoutInterface, vf)).toEqual([['0002:01:00.1', undefined]]);
});

test('InfiniBand without IPoIB, and cards with any kind of uplink, are reported unchanged', async () => {
  for (const cards of [odd.infiniband, odd.twoPorts, odd.switchdev, odd.virtioNet]) {
    const devices = await reported(cards, forPorts);
    expect(devices.length).toBeGreaterThan(1);
    expect(devices.filter(([, quarantine]) => quarantine !== undefined)).toEqual([]);
  }
});

/** A report of the described igb host, whose hypervisor lists these devices. */
async function reportedBy(nodeDevices: NodeDevices, entry: object = igbVfs, more = {}) {
  const { options } = anIgbHost(folder);
  const { functions } = await options.pciBus.listFunctions();
  const deviceSpecs = parseDeviceSpecs([{ object: entry, source: 'test' }], functions);
  const whole = { ...options, nodeDevices, deviceSpecs, ...more };
  return reportHost(whole, hostParts(whole), new GuestQueue());
}

const igbVfs = { vendor_id: '8086', product_id: '10ca', ...forPorts };
const unwatched = { watch: () => () => undefined };

test('the report of a device combines the hypervisor’s facts with those of sysfs', async () => {
  const requests: string[] = [];
  const { devices, problems } = await reportedBy({
    ...unwatched,
    async describe(functions) {
      requests.push(...functions.map(({ address }) => address));
      const messages = { network: ['rx', 'tx'], vpd: { cardSerialNumber: 'A1' } };
      return new Map(functions.map(({ address }) => [address, messages]));
    },
  });
  expect(devices.map(({ function: fn }) => fn.address)).toEqual(requests);
  expect(devices.length).toBeGreaterThan(1);
  for (const { function: fn } of devices) {
    expect(fn.quarantine).toBeUndefined();
    expect(fn.capabilities).toEqual({
      network: ['rx', 'tx'],
      vpd: { cardSerialNumber: 'A1' },
      sriov: { pfMacAddress: expect.any(String), vfNum: expect.any(Number) },
    });
  }
  expect(problems).toEqual([]);
});

test('a device unknown to the hypervisor is offered to no server, and the host reports a problem', async () => {
  const { devices, problems } = await reportedBy({
    ...unwatched,
    describe: async (functions) => new Map(functions.slice(1).map(({ address }) => [address, {}])),
  });
  const [unknown, ...others] = devices.map(({ function: fn }) => fn);
  expect(unknown?.quarantine).toContain('libvirt does not know it');
  expect(others.length).toBeGreaterThan(0);
  expect(others.filter(({ quarantine }) => quarantine !== undefined)).toEqual([]);
  expect(problems).toEqual([
    {
      code: 'node-devices',
      message: `Node devices: libvirt does not know ${unknown?.address}: it is offered to no guest`,
      blocks: 'none',
    },
  ]);
});

test('guests can be moved once the host has a certificate', async () => {
  const nodeDevices = { ...unwatched, describe: async () => new Map() };
  const facts = async (more: object) => (await reportedBy(nodeDevices, igbVfs, more)).facts;
  expect(await facts({ transfer: undefined })).not.toHaveProperty('movesGuests');
  expect(await facts({ transfer: {} })).toMatchObject({ movesGuests: true });
  const canTransfer = async () => hasCertificate;
  let hasCertificate = false;
  expect(await facts({ transfer: {}, canTransfer })).not.toHaveProperty('movesGuests');
  hasCertificate = true;
  expect(await facts({ transfer: {}, canTransfer })).toMatchObject({ movesGuests: true });
});

test('a device that was just created is waited for, once', async () => {
  let polls = 0;
  const { devices } = await reportedBy(
    {
      ...unwatched,
      describe: async (functions) => {
        polls += 1;
        const known = polls === 1 ? functions.slice(1) : functions;
        return new Map(known.map(({ address }) => [address, {}]));
      },
    },
    igbVfs,
    { nodeWaitMs: 60_000 },
  );
  expect(polls).toBe(2);
  expect(devices.filter(({ function: fn }) => fn.quarantine !== undefined)).toEqual([]);
});

test('a hypervisor that cannot list its devices is a problem, and sysfs is enough', async () => {
  const { devices, problems } = await reportedBy({
    ...unwatched,
    describe: async () => {
      throw new ComputeError('unavailable', 'this function is not supported');
    },
  });
  expect(devices.length).toBeGreaterThan(1);
  expect(devices.filter(({ function: fn }) => fn.quarantine !== undefined)).toEqual([]);
  expect(problems).toMatchObject([
    {
      code: 'node-devices',
      message: expect.stringContaining('sysfs alone: this function is not supported'),
      blocks: 'none',
    },
  ]);
});

test('an entry that needs a serial matches a device whose serial only the hypervisor knows', async () => {
  const nodeDevices: NodeDevices = {
    ...unwatched,
    describe: async (functions) =>
      new Map(
        functions.map(({ address }, at) => [
          address,
          at === 0 ? { vpd: { cardSerialNumber: 'A1' } } : {},
        ]),
      ),
  };
  const { devices } = await reportedBy(nodeDevices, { ...igbVfs, remote_managed: 'true' });
  expect(devices.map(({ function: fn }) => fn.capabilities.vpd?.cardSerialNumber)).toEqual(['A1']);
});

test.each([
  { what: 'cannot list its devices', hides: 'describe' },
  { what: 'does not answer', hides: 'facts' },
] as const)(
  'while the hypervisor $what, a serial that only it knows still identifies the devices',
  async ({ hides }) => {
    const { options } = anIgbHost(folder);
    const { functions } = await options.pciBus.listFunctions();
    const object = { ...igbVfs, remote_managed: 'true' };
    const deviceSpecs = parseDeviceSpecs([{ object, source: 'test' }], functions);
    let isAway = false;
    const failWhileAway = (part: typeof hides) => {
      if (isAway && part === hides) throw new ComputeError('unavailable', 'it restarts');
    };
    const { hypervisor } = options;
    const facts = hypervisor.facts.bind(hypervisor);
    hypervisor.facts = async () => {
      failWhileAway('facts');
      return facts();
    };
    const nodeDevices: NodeDevices = {
      ...unwatched,
      async describe(listed) {
        failWhileAway('describe');
        const messages = { vpd: { cardSerialNumber: 'A1' } };
        return new Map(listed.map(({ address }) => [address, messages]));
      },
    };
    const whole = { ...options, nodeDevices, deviceSpecs };
    const parts = hostParts(whole);
    const before = await reportHost(whole, parts, new GuestQueue());
    const [device] = reconcileInventory([], before.devices).changed;
    const held = { ...device!, status: 'allocated', serverId: 's', requestId: 'r' } as const;
    isAway = true;
    const now = await reportHost(whole, parts, new GuestQueue());
    expect(now.problems).toHaveLength(1);
    expect(now.devices).toEqual(before.devices);
    expect(reconcileInventory([held], now.devices.slice(0, 1)).changed).toEqual([]);
  },
);
