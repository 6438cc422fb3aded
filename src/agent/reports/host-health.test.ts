/** The agent alone, on a simulated host, with its messages recorded. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostCommand, ToController } from '#contracts/host/host-link.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { domainXml } from '#integrations/libvirt/xml/domain-xml.ts';
import { describedFunctions } from '#integrations/simulated/machine/described-devices.ts';
import { memoryJournal } from '#integrations/command-journal/in-memory.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { type AgentLife, faultyHost } from '#integrations/simulated/faulty-host.ts';
import { SimulatedBridges } from '#integrations/simulated/machine/host-bridges.ts';
import { SimulatedLinks } from '#integrations/simulated/machine/host-links.ts';
import { SimulatedTaps } from '#integrations/simulated/machine/host-taps.ts';
import { SimulatedMemory } from '#integrations/simulated/machine/host-memory.ts';
import { SimulatedGuestFiles } from '#integrations/simulated/guest-files.ts';
import { HostFaults } from '#integrations/simulated/host-faults.ts';
import { SimulatedHypervisor } from '#integrations/simulated/hypervisor.ts';
import { SimulatedPciBus } from '#integrations/simulated/machine/pci-bus.ts';
import { simulatedHost } from '#integrations/simulated/simulated-host.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { aGuest, aHostdevNic } from '#test/hosts/guests.ts';
import { ChangeCounter } from '#runtime/timing/change-counter.ts';
import { silentLog } from '#test/silent-log.ts';
import type { AgentOptions } from '../agent-options.ts';
import { type Agent, startAgent } from '../agent.ts';

const vf = parsePciAddress('0000:3b:00.1');
const cards = describedFunctions([{ kind: 'PF', bus: '3b', vfs: 2 }]);
const guest = aGuest({ nics: [aHostdevNic(vf)] });

let messages: ToController[];
let notify: (command: HostCommand) => void;
let faults: HostFaults;
let life: AgentLife;
let hypervisor: SimulatedHypervisor;
let agent: Agent | undefined;

beforeEach(() => {
  messages = [];
  faults = new HostFaults();
  life = { isOver: false, watcher: undefined, changes: new ChangeCounter() };
  const host = simulatedHost('h1', cards);
  hypervisor = new SimulatedHypervisor({
    host,
    domainXml: (one, nicSources) => domainXml(one, { virtType: 'kvm', nicSources }),
  });
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});

async function start(more: Partial<AgentOptions> = {}): Promise<void> {
  const pciBus = new SimulatedPciBus({
    host: simulatedHost('h1', cards),
    listGuests: () => hypervisor.listGuests(),
  });
  const { agentEnd, controllerEnd } = inProcessLink();
  const mine = messages;
  controllerEnd.onMessage((message) => void mine.push(message));
  notify = (command) => controllerEnd.send({ type: 'command', command });
  const bridges = new SimulatedBridges({ host: 'h1' });
  const taps = new SimulatedTaps();
  const links = new SimulatedLinks({ functions: [] });
  const memory = new SimulatedMemory();
  const guestFiles = new SimulatedGuestFiles({
    owner: 'host host-1',
    images: {
      open: () => Promise.reject(new Error('no image is needed')),
      upload: () => Promise.reject(new Error('no image is made')),
    },
  });
  agent = await startAgent({
    host: 'h1',
    hostIp: '192.0.2.1',
    deviceSpecs: [],
    bridgedNetworks: [],
    journal: memoryJournal(),
    log: silentLog,
    heartbeatMs: 60_000,
    ...faultyHost(
      { hypervisor, pciBus, guestFiles, bridges, taps, links, memory },
      { faults, life },
    ),
    ...more,
  });
  await agent.join(agentEnd);
  controllerEnd.send({ type: 'welcome', hostId: 'id-of-h1' });
  await expectMessages('hello');
}

const spawn: HostCommand = { seq: 1, serverId: guest.id, body: { do: 'spawn', guest } };
const text = () => messages.map((message) => ('state' in message ? message.state : message.type));
const expectMessages = (...expected: string[]) =>
  vi.waitFor(() => expect(text()).toEqual(expected));

test('the state of a guest is reported before the result of its command', async () => {
  await start();
  notify(spawn);
  await expectMessages('hello', 'running', 'result');
});

test('a guest that changes without a command is reported once, with its state when read', async () => {
  await start();
  notify(spawn);
  await expectMessages('hello', 'running', 'result');
  await Promise.all([
    hypervisor.pause(guest.id),
    hypervisor.unpause(guest.id),
    hypervisor.shutDown(guest.id),
  ]);
  await expectMessages('hello', 'running', 'result', 'shutOff');
});

test('a guest that changes again while its state is read is read again', async () => {
  await start();
  notify(spawn);
  await expectMessages('hello', 'running', 'result');
  life.watcher = ({ act }, when) => {
    if (act !== 'listGuests' || when !== 'after') return;
    life.watcher = undefined;
    void hypervisor.destroy(guest.id);
  };
  await hypervisor.pause(guest.id);
  await expectMessages('hello', 'running', 'result', 'paused', 'shutOff');
});

test('a report names the guests that were being changed while it was made', async () => {
  await start();
  const seen = Promise.withResolvers<void>();
  life.watcher = ({ act }, when) => {
    if (act === 'define' && when === 'before') seen.resolve();
  };
  notify(spawn);
  await seen.promise;
  await agent?.refresh();
  await vi.waitFor(() => expect(text()).toContain('report'));
  const report = messages.find((message) => message.type === 'report');
  expect(report?.report.unsettledGuests).toEqual([guest.id]);
  await vi.waitFor(() => expect(text()).toContain('result'));
  await agent?.refresh();
  await vi.waitFor(() => expect(text().filter((word) => word === 'report')).toHaveLength(2));
  expect(messages.findLast((message) => message.type === 'report')?.report).toMatchObject({
    unsettledGuests: [],
    guests: [{ id: guest.id, state: 'running' }],
  });
});

test('a hypervisor that does not respond is a problem of the host; the agent starts and serves', async () => {
  faults.set('libvirt-absent', true);
  await start();
  expect(messages).toMatchObject([
    {
      type: 'hello',
      report: {
        hypervisorIsSilent: true,
        guests: [],
        problems: [{ code: 'hypervisor-silent', blocks: 'all' }],
      },
    },
  ]);
  notify(spawn);
  await expectMessages('hello', 'result');
  expect(messages.at(-1)).toMatchObject({
    result: { ok: false, message: expect.stringContaining('libvirt-sock') },
  });
  faults.set('libvirt-absent', false);
  await expectMessages('hello', 'result', 'report');
  expect(messages.at(-1)).toMatchObject({ report: { problems: [] } });
});

test('health is checked repeatedly, and reported when it changes', async () => {
  let problems: HostProblem[] = [];
  await start({ checkHealth: async () => problems, healthMs: 5 });
  problems = [{ code: 'state-directory', message: 'full: 900 MiB free', blocks: 'all' }];
  await expectMessages('hello', 'report');
  const polled = Promise.withResolvers<void>();
  let polls = 0;
  problems = [{ code: 'state-directory', message: 'full: 899 MiB free', blocks: 'all' }];
  life.watcher = ({ act }) => {
    if (act === 'facts' && (polls += 1) > 4) polled.resolve();
  };
  // Changed figures alone are not reported.
  await polled.promise;
  await expectMessages('hello', 'report');
  problems = [];
  await expectMessages('hello', 'report', 'report');
});

test('devices that the hypervisor cannot list are a problem that is reported once', async () => {
  const object = { address: '0000:3b:00.0', physical_network: 'physnet1' };
  const polled = Promise.withResolvers<void>();
  let reads = 0;
  await start({
    deviceSpecs: parseDeviceSpecs([{ object, source: 'test' }], cards),
    healthMs: 5,
    checkHealth: async () => {
      if ((reads += 1) > 4) polled.resolve();
      return [];
    },
    nodeDevices: {
      describe: () => Promise.reject(new Error('not supported')),
      watch: () => () => undefined,
    },
  });
  await polled.promise;
  await expectMessages('hello');
  expect(messages[0]).toMatchObject({ report: { problems: [{ code: 'node-devices' }] } });
});

test('while a problem keeps servers off the host, health is checked more often', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    let problems: HostProblem[] = [];
    await start({ checkHealth: async () => problems });
    problems = [{ code: 'state-directory', message: 'full', blocks: 'all' }];
    await vi.advanceTimersByTimeAsync(29_000);
    expect(messages).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await expectMessages('hello', 'report');
    problems = [];
    await vi.advanceTimersByTimeAsync(5_000);
    await expectMessages('hello', 'report', 'report');
    expect(messages.at(-1)).toMatchObject({ report: { problems: [] } });
    // Reported together with another change: from then on the host is checked more often
    // too.
    problems = [{ code: 'state-directory', message: 'full', blocks: 'all' }];
    await agent?.refresh();
    problems = [];
    await vi.advanceTimersByTimeAsync(5_000);
    await expectMessages('hello', 'report', 'report', 'report', 'report');
  } finally {
    vi.useRealTimers();
  }
});

test('checks that fail to run are a problem that refuses no server', async () => {
  await start({ checkHealth: () => Promise.reject(new Error('EIO')) });
  expect(messages).toMatchObject([
    {
      report: {
        problems: [
          {
            code: 'checks-failed',
            message: 'the host checks failed to run: EIO',
            blocks: 'none',
          },
        ],
      },
    },
  ]);
});

test('a suspend that fails leaves the guest running with its device', async () => {
  await start();
  notify(spawn);
  await expectMessages('hello', 'running', 'result');
  life.watcher = ({ act }, when) => {
    if (act === 'save' && when === 'before') throw new Error('No space left on device');
  };
  const suspend = { seq: 2, serverId: guest.id, body: { do: 'suspend', guest } } as const;
  notify(suspend);
  await expectMessages('hello', 'running', 'result', 'running', 'result');
  expect(messages.at(-1)).toMatchObject({
    result: {
      ok: false,
      message: 'No space left on device',
      steps: [{ step: 'detach-nic' }, { step: 'attach-nic' }],
    },
  });
  expect((await hypervisor.listGuests())[0]?.devices.map(({ address }) => address)).toEqual([vf]);
});

test('an undo that fails too is reported with the failure', async () => {
  await start();
  notify(spawn);
  await expectMessages('hello', 'running', 'result');
  life.watcher = ({ act }, when) => {
    if (act === 'save' && when === 'before') throw new Error('disk full');
    if (act === 'attachNic' && when === 'before') throw new Error('VF gone');
  };
  const suspend = { seq: 2, serverId: guest.id, body: { do: 'suspend', guest } } as const;
  notify(suspend);
  await expectMessages('hello', 'running', 'result', 'running', 'result');
  expect(messages.at(-1)).toMatchObject({
    result: { message: 'disk full', detail: expect.stringContaining('not undone: VF gone') },
  });
});

test('a definition that cannot be read does not undo the command', async () => {
  await start();
  life.watcher = ({ act }, when) => {
    if (act === 'domainXml' && when === 'before') throw new Error('later');
  };
  notify(spawn);
  await expectMessages('hello', 'running', 'result');
  expect(messages.at(-1)).toMatchObject({ result: { ok: true } });
});

test('a host whose changes are known is not read while nothing changes, and after a change once', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  try {
    await start({ changes: life.changes });
    const calls: string[] = [];
    life.watcher = ({ act }, when) => void (when === 'before' && calls.push(act));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(calls).toEqual([]);
    life.changes.add();
    for (let turn = 0; turn < 5; turn += 1) {
      await vi.advanceTimersByTimeAsync(30_000);
      await new Promise(setImmediate);
    }
    expect(calls.filter((act) => act === 'keys').length).toBeGreaterThan(0);
    expect(calls.filter((act) => act === 'facts').length).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
