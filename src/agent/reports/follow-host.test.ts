/** An agent on a described igb host, and its messages at the other end of the link. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostCommandBody, HostReport, ToController } from '#contracts/host/host-link.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { inProcessLink } from '#integrations/host-link/in-process.ts';
import { aGuest, aMacvtapNic, pf0, vf0 } from '#test/hosts/guests.ts';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AgentOptions } from '../agent-options.ts';
import { startAgent } from '../agent.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-follow-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function begin(more: Partial<AgentOptions> = {}) {
  const host = anIgbHost(folder);
  const { functions } = await host.options.pciBus.listFunctions();
  const entry = { devname: 'enp1s0', physical_network: 'physnet1' };
  const deviceSpecs = parseDeviceSpecs([{ object: entry, source: 'test' }], functions);
  const { agentEnd, controllerEnd } = inProcessLink();
  const received: ToController[] = [];
  controllerEnd.onMessage((message) => void received.push(message));
  const agent = await startAgent({ ...host.options, deviceSpecs, ...more });
  await agent.join(agentEnd);
  controllerEnd.send({ type: 'welcome', hostId: 'h1' });
  await expect.poll(() => received.length).toBe(1);
  let seq = 0;
  return {
    ...host,
    agent,
    received,
    notify: (body: HostCommandBody) => {
      seq += 1;
      controllerEnd.send({ type: 'command', command: { seq, serverId: 's', body } });
    },
  };
}

function devicesOf(message: ToController | undefined): HostReport['devices'] {
  return message !== undefined && 'report' in message ? message.report.devices : [];
}

const soon = { timeout: 10_000, interval: 50 };
const waitOptions = { timeout: 30_000 };

test(
  'removed VFs and a lost carrier are reported without a request, and nothing is reported twice',
  waitOptions,
  async () => {
    const { options, kernel, agent, received } = await begin();
    expect(devicesOf(received[0]).map(({ function: fn }) => fn.address)).toHaveLength(5);
    const net = join(kernel.root, 'bus/pci/devices', pf0, 'net/enp1s0');
    await options.pciBus.setVfCount(pf0, 2);
    await expect.poll(() => devicesOf(received.at(-1)).length, soon).toBe(3);
    writeFileSync(join(net, 'carrier'), '0\n');
    await expect.poll(() => devicesOf(received.at(-1))[0]?.function.link, soon).toBe('down');
    const reported = received.map((message) => JSON.stringify(devicesOf(message)));
    expect(reported.filter((devices, at) => devices === reported[at - 1])).toEqual([]);
    await agent.stop();
  },
);

test(
  'a quarantine is reported before the result of the command that returned the VF',
  waitOptions,
  async () => {
    const { kernel, agent, received, notify } = await begin();
    const guest = aGuest({ nics: [aMacvtapNic(vf0)] });
    notify({ do: 'spawn', guest });
    const results = () => received.filter(({ type }) => type === 'result');
    await expect.poll(() => results().length, soon).toBe(1);
    expect(results()[0]).toMatchObject({ result: { ok: true } });
    kernel.refusals.set('vf 0 vlan 0', 'RTNETLINK answers: Busy');
    notify({ do: 'destroy', guestId: guest.id });
    await expect.poll(() => results().length, soon).toBe(2);
    const at = received.findIndex((message) =>
      devicesOf(message).some(({ function: fn }) => fn.quarantine !== undefined),
    );
    expect(at).toBeGreaterThan(0);
    expect(received.indexOf(results()[1]!)).toBeGreaterThan(at);
    await agent.stop();
  },
);

test(
  'health that was reported with a change of devices is reported again when it changes',
  waitOptions,
  async () => {
    let problems: HostProblem[] = [];
    // Long enough for the change of devices to be reported first.
    const { options, agent, received } = await begin({
      checkHealth: async () => problems,
      healthMs: 1_500,
    });
    const reportedProblems = () => {
      const last = received.at(-1);
      return last !== undefined && 'report' in last ? last.report.problems : undefined;
    };
    problems = [{ code: 'state-directory', message: 'full', blocks: 'all' }];
    await options.pciBus.setVfCount(pf0, 2);
    await expect.poll(reportedProblems, soon).toEqual(problems);
    problems = [];
    await expect.poll(reportedProblems, soon).toEqual([]);
    await agent.stop();
  },
);

test(
  'a VF that the hypervisor lists later is offered from its next report on',
  waitOptions,
  async () => {
    let isKnown = false;
    let learn = (): void => undefined;
    const { agent, received } = await begin({
      nodeDevices: {
        describe: async (functions) =>
          new Map(
            functions
              .filter(({ address }) => isKnown || address !== vf0)
              .map(({ address }) => [address, {}]),
          ),
        watch(listener) {
          learn = listener;
          return () => undefined;
        },
      },
    });
    const reasonOf = (message: ToController | undefined) =>
      devicesOf(message).find(({ function: fn }) => fn.address === vf0)?.function.quarantine;
    expect(reasonOf(received[0])).toContain('libvirt does not know it');
    isKnown = true;
    learn();
    await expect.poll(() => received.length, soon).toBe(2);
    expect(reasonOf(received[1])).toBeUndefined();
    expect(received[1]).toMatchObject({ report: { problems: [] } });
    await agent.stop();
  },
);
