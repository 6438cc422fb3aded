/**
 * What happens to commands and their results when links, controllers and agents end at the wrong
 * moment.
 */
import { expect, test, vi } from 'vitest';
import type { CommandJournal } from '#contracts/host/command-journal.ts';
import type { AgentEnd, HostCommand, ToController } from '#contracts/host/host-link.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { SimulatedGuestFiles } from '#integrations/simulated/guest-files.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { recordedLog } from '#test/recorded-log.ts';
import type { AgentOptions } from './agent-options.ts';
import { type Agent, startAgent } from './agent.ts';

const guest = aGuest();
const reboot: HostCommand = {
  seq: 2,
  serverId: guest.id,
  body: { do: 'reboot', guestId: guest.id },
};
const spawn: HostCommand = { seq: 1, serverId: guest.id, body: { do: 'spawn', guest } };

/** The guests of these tests have no NIC and no device. */
const images = {
  open: () => Promise.reject(new Error('no image is needed')),
  upload: () => Promise.reject(new Error('no image is made')),
};

/** A host that counts its reboots; a reboot lasts until `gate` opens. */
class CountingHypervisor extends SimulatedHypervisor {
  reboots = 0;
  gate: Promise<void> = Promise.resolve();

  override async reboot(guestId: string): Promise<void> {
    this.reboots++;
    await this.gate;
    return super.reboot(guestId);
  }
}

/** A host with one running guest. */
async function aHost() {
  const host = simulatedHost('host-1', []);
  const hypervisor = new CountingHypervisor({ host, domainXml: () => '<domain/>' });
  await hypervisor.define(guest, {});
  await hypervisor.start(guest.id);
  const pciBus = new SimulatedPciBus({ host, listGuests: () => hypervisor.listGuests() });
  const log = recordedLog();
  const agent = (journal: CommandJournal, change: Partial<AgentOptions> = {}): Promise<Agent> =>
    startAgent({
      host: 'host-1',
      hostIp: '192.0.2.1',
      hypervisor,
      pciBus,
      guestFiles: new SimulatedGuestFiles({ images, owner: 'host host-1' }),
      deviceSpecs: [],
      bridges: new SimulatedBridges({ host: 'host-1' }),
      taps: new SimulatedTaps(),
      links: new SimulatedLinks(host),
      memory: new SimulatedMemory(),
      bridgedNetworks: ['physnet1'],
      journal,
      log,
      heartbeatMs: 60_000,
      ...change,
    });
  return { hypervisor, pciBus, agent, log };
}

/** The controller's side, scripted: what it received, and the agent's end of the link. */
function aController() {
  const { agentEnd, controllerEnd } = inProcessLink();
  const messages: ToController[] = [];
  controllerEnd.onMessage((message) => void messages.push(message));
  const results = () => messages.filter((message) => message.type === 'result');
  return {
    agentEnd,
    messages,
    results,
    outdated: (newest: number) => controllerEnd.send({ type: 'outdated-link', newest }),
    welcome: (hostId = 'h1') => controllerEnd.send({ type: 'welcome', hostId }),
    give: (command: HostCommand) => controllerEnd.send({ type: 'command', command }),
    record: (seq: number) => controllerEnd.send({ type: 'recorded', seq }),
    close: () => controllerEnd.close(),
  };
}

/** A link on which every result is lost: the socket died without notice. */
function deaf(end: AgentEnd): AgentEnd {
  return {
    ...end,
    send: (message) => {
      if (message.type !== 'result') end.send(message);
    },
  };
}

const gate = () => Promise.withResolvers<void>();

test('an agent sends hello with a report of its host, once per link', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  for (const controller of [aController(), aController()]) {
    await agent.join(controller.agentEnd);
    await vi.waitFor(() => expect(controller.messages).toHaveLength(1));
    expect(controller.messages).toMatchObject([
      {
        type: 'hello',
        host: 'host-1',
        report: { physicalNetworks: ['physnet1'], guests: [{ id: guest.id, state: 'running' }] },
      },
    ]);
  }
  await agent.stop();
});

test('links are numbered, above the number that a controller has of the host', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const numbers: number[] = [];
  const newest = Date.now() + 3_600_000;
  for (const isOutdated of [false, true, false]) {
    const controller = aController();
    await agent.join(controller.agentEnd);
    await vi.waitFor(() => expect(controller.messages).toHaveLength(1));
    const [hello] = controller.messages;
    if (hello?.type === 'hello') numbers.push(hello.link ?? 0);
    if (isOutdated) controller.outdated(newest);
    await new Promise((delivered) => setImmediate(delivered));
    controller.close();
  }
  expect(numbers[0]).toBeLessThanOrEqual(Date.now() + 1);
  expect(numbers[1]).toBe((numbers[0] ?? 0) + 1);
  expect(numbers[2]).toBe(newest + 1);
  await agent.stop();
});

test('reports and heartbeats carry the uptime of the host, and omit one that cannot be read', async () => {
  const host = await aHost();
  const lines = ['up 1', 'up 2', undefined];
  const uptime = async () => lines.shift() ?? Promise.reject(new Error('no such program'));
  const agent = await host.agent(memoryJournal(), { uptime, heartbeatMs: 5 });
  const controller = aController();
  await agent.join(controller.agentEnd);
  await vi.waitFor(() => expect(controller.messages.length).toBeGreaterThan(2));
  await agent.stop();
  const [hello, ...beats] = controller.messages;
  expect(hello).toMatchObject({ type: 'hello', report: { uptime: 'up 1' } });
  expect(beats[0]).toEqual({ type: 'heartbeat', uptime: 'up 2' });
  expect(beats[1]).toEqual({ type: 'heartbeat' });
});

test('a command that runs while the link is cut runs once; its result is sent on the next link', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const [first, second] = [aController(), aController()];
  const work = gate();
  host.hypervisor.gate = work.promise;
  await agent.join(first.agentEnd);
  first.welcome();
  first.give(reboot);
  await vi.waitFor(() => expect(host.hypervisor.reboots).toBe(1));
  first.close();
  await agent.join(second.agentEnd);
  second.welcome();
  second.give(reboot);
  second.give(reboot);
  work.resolve();
  await vi.waitFor(() => expect(second.results().length).toBeGreaterThan(0));
  await agent.stop();
  expect([host.hypervisor.reboots, first.results()]).toEqual([1, []]);
});

test('a lost result is sent again on the next link, and the command does not run again', async () => {
  const host = await aHost();
  const journal = memoryJournal();
  const agent = await host.agent(journal);
  const [first, second] = [aController(), aController()];
  await agent.join(deaf(first.agentEnd));
  first.welcome();
  first.give(reboot);
  await vi.waitFor(async () =>
    expect(await journal.read()).toMatchObject([{ result: { ok: true } }]),
  );
  await agent.join(second.agentEnd);
  second.welcome();
  second.give(reboot);
  await vi.waitFor(() => expect(second.results().length).toBeGreaterThan(1));
  expect(second.results()).toContainEqual({
    type: 'result',
    seq: 2,
    result: expect.objectContaining({ ok: true }),
  });
  expect(host.hypervisor.reboots).toBe(1);
  second.record(2);
  await vi.waitFor(async () => expect(await journal.read()).toEqual([]));
  await agent.stop();
});

test('a confirmed result is not sent again', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const [first, second] = [aController(), aController()];
  await agent.join(first.agentEnd);
  first.welcome();
  first.give(reboot);
  await vi.waitFor(() => expect(first.results()).toHaveLength(1));
  first.record(2);
  first.give({ ...reboot, seq: 3 });
  await vi.waitFor(() => expect(first.results()).toHaveLength(2));
  await agent.join(second.agentEnd);
  second.welcome();
  await vi.waitFor(() => expect(second.results()).toHaveLength(1));
  expect(second.results()).toMatchObject([{ seq: 3 }]);
  await agent.stop();
});

test('an agent killed after a reboot and before its record does not reboot again: the next one has the result', async () => {
  const host = await aHost();
  const journal = memoryJournal();
  const killed = await host.agent(journal);
  const [first, second] = [aController(), aController()];
  await killed.join(deaf(first.agentEnd));
  first.welcome();
  first.give(reboot);
  await vi.waitFor(async () =>
    expect(await journal.read()).toMatchObject([{ result: { ok: true } }]),
  );

  const agent = await host.agent(journal);
  await agent.join(second.agentEnd);
  second.welcome();
  second.give(reboot);
  await vi.waitFor(() => expect(second.results().length).toBeGreaterThan(1));
  expect(second.results()[0]).toMatchObject({ seq: 2, result: { ok: true } });
  expect(host.hypervisor.reboots).toBe(1);
  await agent.stop();
  await killed.stop();
});

test('an agent killed during a reboot: the next one does not retry, and reports that the outcome is unknown', async () => {
  const host = await aHost();
  const journal = memoryJournal();
  const killed = await host.agent(journal);
  const [first, second] = [aController(), aController()];
  const never = gate();
  host.hypervisor.gate = never.promise;
  await killed.join(first.agentEnd);
  first.welcome();
  first.give(reboot);
  await vi.waitFor(() => expect(host.hypervisor.reboots).toBe(1));

  const agent = await host.agent(journal);
  await agent.join(second.agentEnd);
  second.welcome();
  second.give(reboot);
  await vi.waitFor(() => expect(second.results()).toHaveLength(1));
  expect(second.results()).toMatchObject([
    {
      seq: 2,
      result: { ok: false, message: expect.stringContaining('its outcome is unknown') },
    },
  ]);
  expect(host.hypervisor.reboots).toBe(1);
  never.resolve();
  await agent.stop();
  await killed.stop();
});

test('a reboot that cannot be recorded does not begin', async () => {
  const host = await aHost();
  const full = { ...memoryJournal(), write: () => Promise.reject(new Error('no space left')) };
  const agent = await host.agent(full);
  const controller = aController();
  await agent.join(controller.agentEnd);
  controller.welcome();
  controller.give(reboot);
  await vi.waitFor(() => expect(controller.results()).toHaveLength(1));
  expect(controller.results()).toMatchObject([
    { result: { ok: false, message: 'the guest was not rebooted: no space left' } },
  ]);
  expect(host.hypervisor.reboots).toBe(0);
  await agent.stop();
});

test('results for another controller are not sent to this one, and are dropped', async () => {
  const host = await aHost();
  const journal = memoryJournal();
  const old = { hostId: 'old', seq: 2, result: { ok: true as const, steps: [] } };
  await journal.write(old);
  const agent = await host.agent(journal);
  const controller = aController();
  await agent.join(controller.agentEnd);
  controller.welcome('new');
  controller.give(reboot);
  await vi.waitFor(() => expect(controller.results()).toHaveLength(1));
  expect(host.hypervisor.reboots).toBe(1);
  expect(await journal.read()).toMatchObject([{ hostId: 'new', seq: 2 }]);
  await agent.stop();
});

test('commands of one guest run in order, those of another run concurrently', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const controller = aController();
  const work = gate();
  host.hypervisor.gate = work.promise;
  await agent.join(controller.agentEnd);
  controller.welcome();
  controller.give(reboot);
  controller.give({ seq: 3, serverId: guest.id, body: { do: 'stop', guestId: guest.id } });
  controller.give({ ...spawn, seq: 4, serverId: 'other', body: { do: 'stop', guestId: 'other' } });
  await vi.waitFor(() => expect(controller.results()).toMatchObject([{ seq: 4 }]));
  work.resolve();
  await vi.waitFor(() => expect(controller.results()).toHaveLength(3));
  expect(controller.results().map(({ seq }) => seq)).toEqual([4, 2, 3]);
  await agent.stop();
});

test('a stopped agent finishes its commands, reports them, and begins no other', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const controller = aController();
  const work = gate();
  host.hypervisor.gate = work.promise;
  await agent.join(controller.agentEnd);
  controller.welcome();
  controller.give(reboot);
  controller.give({ ...reboot, seq: 3 });
  await vi.waitFor(() => expect(host.hypervisor.reboots).toBe(1));
  const stopped = agent.stop();
  work.resolve();
  await stopped;
  await vi.waitFor(() => expect(controller.results()).toMatchObject([{ seq: 2 }]));
  expect(host.hypervisor.reboots).toBe(1);
});

test('an agent joins no link until it can inspect its host', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const bus = vi
    .spyOn(host.pciBus, 'listFunctions')
    .mockRejectedValueOnce(new Error('PCI devices cannot be listed'));
  const [first, second] = [aController(), aController()];
  await expect(agent.join(first.agentEnd)).rejects.toThrow('PCI devices cannot be listed');
  await agent.join(second.agentEnd);
  await vi.waitFor(() => expect(second.messages).toHaveLength(1));
  expect(first.messages).toEqual([]);
  bus.mockRestore();
  await agent.stop();
});

test('an unknown command is refused with a message', async () => {
  const host = await aHost();
  const agent = await host.agent(memoryJournal());
  const controller = aController();
  await agent.join(controller.agentEnd);
  controller.welcome();
  controller.give({ ...reboot, body: { do: 'teleport', guestId: guest.id } as never });
  await vi.waitFor(() => expect(controller.results()).toHaveLength(1));
  expect(controller.results()).toMatchObject([
    {
      result: {
        ok: false,
        message: expect.stringContaining('does not know the command "teleport"'),
      },
    },
  ]);
  await agent.stop();
});
