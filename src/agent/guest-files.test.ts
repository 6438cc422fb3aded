import { expect, test, vi } from 'vitest';
import type { CommandResult, HostCommandBody, ToController } from '#contracts/host/host-link.ts';
import type { GuestFiles } from '#contracts/host/guest-files.ts';
import { ComputeError } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { silentLog } from '#test/silent-log.ts';
import { startAgent } from './agent.ts';

/** Files whose preparation lasts until the test releases it. */
function slowFiles(prepared: () => Promise<void>) {
  const acts: string[] = [];
  const files: GuestFiles = {
    prepare: async (guest: Guest, { fresh }) => {
      acts.push(`prepare ${guest.id}${fresh ? ' fresh' : ''}`);
      await prepared();
    },
    prepareRescue: async (guest) => void acts.push(`rescue ${guest.id}`),
    cacheImage: async (imageId) => void acts.push(`cache ${imageId}`),
    copyDisk: async (guestId) => void acts.push(`copy ${guestId}`),
    uploadCopy: async (guestId) => void acts.push(`upload ${guestId}`),
    dropCopy: async (guestId) => void acts.push(`drop ${guestId}`),
    remove: async (guestId) => void acts.push(`remove ${guestId}`),
    consoleOutput: async (guestId, lines) => `${guestId}: last ${lines}`,
    missing: async () => [],
    list: async () => [],
  };
  return { acts, files };
}

/** An agent on a simulated host with these files, and its controller's end. */
async function anAgent(guestFiles: GuestFiles) {
  const host = simulatedHost('host-1', []);
  const hypervisor = new SimulatedHypervisor({ host, domainXml: () => '<domain/>' });
  const pciBus = new SimulatedPciBus({ host, listGuests: () => hypervisor.listGuests() });
  const { agentEnd, controllerEnd } = inProcessLink();
  const received: ToController[] = [];
  controllerEnd.onMessage((message) => void received.push(message));
  const agent = await startAgent({
    ...{ host: 'host-1', hostIp: '192.0.2.1', hypervisor, pciBus, guestFiles },
    ...{
      bridges: new SimulatedBridges({ host: 'host-1' }),
      taps: new SimulatedTaps(),
      links: new SimulatedLinks(host),
      memory: new SimulatedMemory(),
    },
    ...{ deviceSpecs: [], bridgedNetworks: [], journal: memoryJournal() },
    ...{ log: silentLog, heartbeatMs: 60_000 },
  });
  await agent.join(agentEnd);
  controllerEnd.send({ type: 'welcome', hostId: 'h1' });
  let seq = 0;
  return {
    stop: () => agent.stop(),
    cache: (imageId: string) => controllerEnd.send({ type: 'cache-image', imageId }),
    /** Sends a command; its result. */
    reported: async (body: HostCommandBody): Promise<CommandResult> => {
      const mine = ++seq;
      controllerEnd.send({ type: 'command', command: { seq: mine, serverId: guest.id, body } });
      const result = () => received.find((each) => each.type === 'result' && each.seq === mine);
      await vi.waitFor(() => expect(result()).toBeDefined());
      const message = result();
      if (message?.type !== 'result') throw new Error('no result');
      return message.result;
    },
  };
}

const guest = aGuest();

test('a guest gets its files before it is defined, and loses them after it is removed', async () => {
  const { files, acts } = slowFiles(async () => {});
  const { reported, stop } = await anAgent(files);
  const expected = async (body: HostCommandBody) =>
    (await reported(body)).steps.map(({ step }) => step);
  expect(await expected({ do: 'spawn', guest })).toEqual([
    'check-devices',
    'prepare-files',
    'define',
    'start',
  ]);
  await expected({ do: 'respawn', guest });
  await expected({ do: 'respawn', guest, fresh: true, staysOff: true });
  expect((await expected({ do: 'destroy', guestId: guest.id })).at(-1)).toBe('remove-files');
  expect(acts).toEqual([
    `prepare ${guest.id}`,
    `prepare ${guest.id}`,
    `prepare ${guest.id} fresh`,
    `remove ${guest.id}`,
  ]);
  await stop();
});

test('an image is fetched on request; one that cannot be fetched ends nothing', async () => {
  const { files, acts } = slowFiles(async () => {});
  const { cache, reported, stop } = await anAgent(files);
  cache('i1');
  await vi.waitFor(() => expect(acts).toEqual(['cache i1']));
  files.cacheImage = () => Promise.reject(new Error('gone'));
  cache('i2');
  expect((await reported({ do: 'spawn', guest })).ok).toBe(true);
  await stop();
});

test('the console can be read while the guest waits for its disk', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { reported, stop } = await anAgent(slowFiles(() => promise).files);
  const spawned = reported({ do: 'spawn', guest });
  const read = await reported({ do: 'console', guestId: guest.id, lines: 3 });
  expect(read).toEqual({ ok: true, steps: [], output: `${guest.id}: last 3` });
  resolve();
  expect((await spawned).ok).toBe(true);
  await stop();
});

test.each([
  { kind: 'invalid', sameElsewhere: true },
  { kind: 'unavailable', sameElsewhere: undefined },
] as const)(
  'files that cannot be made are reported with their message, and whether another host could make them: $kind',
  async (row) => {
    const { files } = slowFiles(() =>
      Promise.reject(new ComputeError(row.kind, 'image i is no disk')),
    );
    const { reported, stop } = await anAgent(files);
    const result = await reported({ do: 'spawn', guest });
    expect(result).toMatchObject({ ok: false, message: 'image i is no disk' });
    expect(!result.ok && result.sameElsewhere).toBe(row.sameElsewhere);
    await stop();
  },
);
