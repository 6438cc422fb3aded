/**
 * Agents in processes of their own, over a real socket: whatever is cut or killed, servers become
 * ACTIVE, each with one guest.
 */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  type AgentProcess,
  guestsOfAgent,
  startAgentProcess,
  writeAgentConfig,
} from '#test/processes/agent-process.ts';
import { ended, openConsole } from '#test/consoles/console-client.ts';
import { readBytes, readUntil } from '#test/consoles/read-stream.ts';
import { freePorts } from '#test/processes/free-ports.ts';
import { Cloud } from '#test/worlds/cloud.ts';
import { aWireTo } from '#test/worlds/cuttable-wire.ts';
import {
  type NovellaProcess,
  startConfigured,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { recordedEvents, until, untilRecorded } from '#test/processes/recorded-events.ts';

/** Processes start slowly on a busy machine. */
const timeoutMs = 240_000;

const linked = /^connected to the controller$/;

let state: ReturnType<typeof temporaryDirectory>;
let controllerUrl: string;
let novella: NovellaProcess;
const agents: AgentProcess[] = [];
const cleanUps: (() => Promise<void>)[] = [];

/** A controller without hosts, on a port that stays the same across restarts. */
beforeEach(async () => {
  state = temporaryDirectory();
  const [port = 0] = await freePorts(1);
  controllerUrl = `https://127.0.0.1:${port}`;
  const ports = { compute: 0, identity: 0, network: 0, image: 0, hosts: port };
  writeFileSync(join(state.path, 'novella.yaml'), stringify({ ports, simulated: { hosts: [] } }));
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.kill();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await novella?.stop();
  state.remove();
}, timeoutMs);

async function startController(): Promise<Cloud> {
  const config = ['--config', join(state.path, 'novella.yaml')];
  novella = await startConfigured(join(state.path, 'controller'), config);
  return Cloud.at(novella);
}

async function enroll(cloud: Cloud, host: string): Promise<string> {
  const { enrolment } = await cloud.ok('operator', 'POST', `/hosts/${host}/enrolment`, {});
  return enrolment.token;
}

const folderOf = (host: string) => join(state.path, host);

function startAgent(host: string, token: string, url = controllerUrl): AgentProcess {
  const plan = { folder: folderOf(host), controllerUrl: url, host, token };
  const agent = startAgentProcess(writeAgentConfig(plan));
  agents.push(agent);
  return agent;
}

/** The host is up and has free VFs. */
async function isReady(cloud: Cloud, host: string): Promise<void> {
  await cloud.until(async () => {
    const { hosts } = await cloud.ok('operator', 'GET', '/hosts');
    const found = hosts.find(({ name }: { name: string }) => name === host);
    return { done: found?.state === 'up' && found.devices_free > 0, value: hosts };
  });
}

/** A controller with one linked host, hv1. */
async function aCloudWithOneHost(url?: (direct: string) => Promise<string>) {
  const cloud = await startController();
  const token = await enroll(cloud, 'hv1');
  const agent = startAgent('hv1', token, await url?.(controllerUrl));
  await agent.waitForLog(linked);
  await isReady(cloud, 'hv1');
  return { cloud, token, agent };
}

/** Servers and guests agree: each server is ACTIVE on hv1 and has its one guest there. */
async function expectOneGuestEach(cloud: Cloud, serverIds: string[]): Promise<void> {
  for (const id of serverIds) {
    const server = await cloud.settled(id, 'ACTIVE');
    expect(server['OS-EXT-SRV-ATTR:host']).toBe('hv1');
  }
  expect(guestsOfAgent(folderOf('hv1'), 'hv1').sort()).toEqual(serverIds.toSorted());
}

async function bootThree(cloud: Cloud): Promise<string[]> {
  const red = await cloud.network('red');
  const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'macvtap')];
  return Promise.all([...ports.map((port) => cloud.boot([{ port }])), cloud.boot([{ uuid: red }])]);
}

test(
  'a server with a direct port boots on a linked host, and is deleted',
  async () => {
    const { cloud, agent } = await aCloudWithOneHost();
    const listed = await cloud.ok('operator', 'GET', '/hosts/enrolments');
    expect(listed.enrolments).toMatchObject([{ host: 'hv1', link: { address: '127.0.0.1' } }]);
    const ids = await bootThree(cloud);
    await expectOneGuestEach(cloud, ids);
    for (const id of ids) await cloud.send('compute', 'DELETE', `/servers/${id}`);
    for (const id of ids) await cloud.gone(id);
    expect(guestsOfAgent(folderOf('hv1'), 'hv1')).toEqual([]);
    expect(await cloud.freeVfs('physnet1')).toEqual({ hv1: 4 });
    expect(await agent.stop()).toBe(0);
  },
  timeoutMs,
);

test(
  'a console of a server on a linked host opens, and ends with the link',
  async () => {
    const { cloud, agent } = await aCloudWithOneHost();
    const id = await cloud.boot([]);
    await cloud.settled(id, 'ACTIVE');
    const urlOf = async (protocol: string, type: string): Promise<string> => {
      const { body } = await cloud.send('compute', 'POST', `/servers/${id}/remote-consoles`, {
        body: { remote_console: { protocol, type } },
        headers: { 'openstack-api-version': 'compute 2.6' },
      });
      return body.remote_console.url;
    };
    const display = await openConsole(await urlOf('vnc', 'novnc'));
    expect(String(await readBytes(display.stream, 12))).toBe('RFB 003.008\n');
    const serial = await openConsole(await urlOf('serial', 'serial'));
    serial.stream.write('through two sockets');
    await readUntil(serial.stream, 'through two sockets');
    const over = Promise.all([ended(display.stream), ended(serial.stream)]);
    await agent.kill();
    await over;
  },
  timeoutMs,
);

const stateDir = () => join(state.path, 'controller');
const guestsNow = () => guestsOfAgent(folderOf('hv1'), 'hv1').length;

test.each([
  { when: 'the boots are accepted', isReached: () => true },
  { when: 'a host is chosen for one', isReached: () => recordedEvents(stateDir()) >= 1 },
  { when: 'it has the first guest', isReached: () => guestsNow() >= 1 },
  { when: 'it has all three guests', isReached: () => guestsNow() === 3 },
])(
  'the agent is killed as soon as $when, and comes back',
  async ({ when, isReached }) => {
    const { cloud, token, agent } = await aCloudWithOneHost();
    const ids = await bootThree(cloud);
    await until(when, isReached);
    await agent.kill();
    await startAgent('hv1', token).waitForLog(linked);
    await expectOneGuestEach(cloud, ids);
  },
  timeoutMs,
);

/** Cuts the connection each time that two more events are recorded, until it is stopped. */
function cutting(wire: { cut(): void }): { cuts(): number; stop(): void } {
  let cuts = 0;
  let seen = recordedEvents(stateDir());
  const timer = setInterval(() => {
    const events = recordedEvents(stateDir());
    if (events < seen + 2) return;
    seen = events;
    cuts += 1;
    wire.cut();
  }, 2);
  return { cuts: () => cuts, stop: () => clearInterval(timer) };
}

test(
  'the connection is cut repeatedly while servers boot and reboot',
  async () => {
    let wire: Awaited<ReturnType<typeof aWireTo>> | undefined;
    const { cloud } = await aCloudWithOneHost(async (direct) => {
      const between = await aWireTo(direct);
      cleanUps.push(() => between.close());
      wire = between;
      return between.url;
    });
    const cutter = cutting(wire!);
    try {
      const ids = await bootThree(cloud);
      await expectOneGuestEach(cloud, ids);
      const whileBooting = cutter.cuts();
      expect(whileBooting).toBeGreaterThan(1);
      for (const id of ids) {
        await cloud.ok('compute', 'POST', `/servers/${id}/action`, { reboot: { type: 'SOFT' } });
      }
      await expectOneGuestEach(cloud, ids);
      expect(cutter.cuts()).toBeGreaterThan(whileBooting);
      for (const id of ids) await expectRebooted(cloud, id);
    } finally {
      cutter.stop();
    }
  },
  timeoutMs,
);

async function expectRebooted(cloud: Cloud, id: string): Promise<void> {
  const path = `/servers/${id}/os-instance-actions`;
  const { instanceActions } = await cloud.ok('compute', 'GET', path);
  const reboot = instanceActions.find(({ action }: { action: string }) => action === 'reboot');
  const { instanceAction } = await cloud.ok('compute', 'GET', `${path}/${reboot?.request_id}`);
  expect(instanceAction).toMatchObject({ message: null, events: [{ result: 'Success' }] });
}

test.each([0, 1, 3, 6])(
  'the controller is killed at event %i of three boots; it knows the host and its networks at once when it restarts',
  async (events) => {
    const before = await aCloudWithOneHost();
    const ids = await bootThree(before.cloud);
    await untilRecorded(stateDir(), events);
    await novella.kill();
    const cloud = await startController();
    await cloud.network('blue', 'physnet2', 7);
    await before.agent.waitForLog(linked, 2);
    await expectOneGuestEach(cloud, ids);
    expect(before.agent.entries).toContainEqual(
      expect.stringMatching(/^the link to the controller/),
    );
  },
  timeoutMs,
);

test(
  'a boot that is requested while the agent is away waits for it',
  async () => {
    const { cloud, token, agent } = await aCloudWithOneHost();
    await agent.kill();
    const ids = await bootThree(cloud);
    await startAgent('hv1', token).waitForLog(linked);
    await expectOneGuestEach(cloud, ids);
  },
  timeoutMs,
);

test(
  'a revoked host is disconnected at once and gets no server; enrolled again it is back, its guests untouched',
  async () => {
    const { cloud, agent } = await aCloudWithOneHost();
    const [kept] = await bootThree(cloud);
    await cloud.settled(kept ?? '', 'ACTIVE');
    await cloud.send('operator', 'DELETE', '/hosts/hv1/enrolment');
    expect(await agent.waitForLog(/closed the link/)).toContain(
      'The certificate of host hv1 was revoked.',
    );
    const refused = await cloud.settled(await cloud.boot([]), 'ERROR');
    expect(refused.fault.message).toContain('hv1: alive');
    await agent.stop();
    const token = await enroll(cloud, 'hv1');
    await startAgent('hv1', token).waitForLog(linked);
    await isReady(cloud, 'hv1');
    await cloud.settled(kept ?? '', 'ACTIVE');
    expect(guestsOfAgent(folderOf('hv1'), 'hv1')).toContain(kept);
  },
  timeoutMs,
);

test(
  'two agents with one host’s certificate: the newer has the link, and the older logs why it lost it',
  async () => {
    const { cloud, token, agent } = await aCloudWithOneHost();
    const folder = join(state.path, 'second');
    const plan = { folder, controllerUrl, host: 'hv1', token };
    const config = writeAgentConfig(plan);
    const identity = (of: string) => join(of, 'state/identity/identity.json');
    cpSync(identity(folderOf('hv1')), identity(folder), { recursive: true });
    agents.push(startAgentProcess(config));
    expect(await agent.waitForLog(/closed the link/)).toContain(
      'another agent runs with the name and certificate of hv1',
    );
    await cloud.settled(await cloud.boot([]), 'ACTIVE');
    expect(guestsOfAgent(folder, 'hv1')).toHaveLength(1);
  },
  timeoutMs,
);
