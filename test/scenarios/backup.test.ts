/**
 * A backup of a busy cloud, restored elsewhere, is the same cloud: servers, devices, ports, images,
 * passwords, tokens.
 */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cloud } from '#test/worlds/cloud.ts';
import { run } from '#test/processes/command.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { starter } from '#test/processes/starter.ts';

const timeout = 120_000;

let folder: ReturnType<typeof temporaryDirectory>;
let novella: NovellaProcess;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(async () => {
  await novella?.stop();
  folder.remove();
});

const place = (name: string) => join(folder.path, name);

async function start(name: string): Promise<Cloud> {
  novella = await startNovella(place(name));
  return Cloud.at(novella);
}

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(process.execPath, [starter, ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

async function image(cloud: Cloud, content: string): Promise<string> {
  const about = { name: 'mine', disk_format: 'raw', container_format: 'bare' };
  const { id } = await cloud.ok('image', 'POST', '/v2/images', about);
  const headers = { 'content-type': 'application/octet-stream' };
  const bytes = new TextEncoder().encode(content);
  const sent = await cloud.send('image', 'PUT', `/v2/images/${id}/file`, { bytes, headers });
  expect(sent.status).toBe(204);
  return id;
}

/** Servers, ports and images are created and deleted until it is stopped. */
function load(cloud: Cloud, network: string, imageRef: string): { stop(): Promise<number> } {
  const over = new AbortController();
  let turns = 0;
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const port = await cloud.port(network, 'direct');
      const id = await cloud.boot([{ port }], { imageRef });
      const made = await image(cloud, 'x'.repeat(10_000));
      await cloud.settled(id, 'ACTIVE');
      await cloud.ok('compute', 'DELETE', `/servers/${id}`);
      await cloud.ok('image', 'DELETE', `/v2/images/${made}`);
      await cloud.gone(id);
      await cloud.ok('network', 'DELETE', `/ports/${port}`);
      turns += 1;
    }
  };
  const workers = [work(), work()];
  return {
    async stop() {
      over.abort();
      await Promise.all(workers);
      return turns;
    },
  };
}

test('a backup under load, restored into another directory, has everything that existed before it', {
  timeout,
}, async () => {
  const cloud = await start('state');
  const network = await cloud.network('red');
  const port = await cloud.port(network, 'direct');
  const kept = await image(cloud, 'bytes that are kept');
  const id = await cloud.boot([{ port }], { imageRef: kept });
  const before = await cloud.settled(id, 'ACTIVE');
  const slot = (await cloud.showPort(port))['binding:profile'].pci_slot;
  await cloud.ok('operator', 'POST', '/hosts/hv9/enrolment', {});
  const { token: session } = cloud.session;

  const atWork = load(cloud, network, kept);
  const messages = await command('backup', place('backup'), '--state-dir', place('state'));
  expect(messages).toContain(`Backup of ${place('state')} in ${place('backup')}: `);
  const again = await run(process.execPath, [
    starter,
    'backup',
    place('backup'),
    '--state-dir',
    place('state'),
  ]);
  expect([again.code, again.stderr]).toEqual([
    1,
    `novella: ${place('backup')}: exists already; name a new folder\n`,
  ]);
  expect(await atWork.stop()).toBeGreaterThan(0);
  const later = await cloud.boot([{ uuid: network }], { imageRef: kept });
  await cloud.settled(later, 'ACTIVE');
  const held = await run(process.execPath, [
    starter,
    'restore',
    place('backup'),
    '--state-dir',
    place('state'),
    '--replace',
  ]);
  expect([held.code, held.stderr]).toEqual([1, expect.stringContaining('is in use by process')]);
  await novella.stop();

  const restored = await command('restore', place('backup'), '--state-dir', place('new'));
  expect(restored).toContain(`novella up --state-dir ${place('new')}`);
  const twin = await start('new');
  const after = await twin.settled(id, 'ACTIVE');
  expect(after).toMatchObject({ id, name: before.name, addresses: before.addresses });
  expect((await twin.showPort(port))['binding:profile'].pci_slot).toBe(slot);
  const bytes = await twin.send('image', 'GET', `/v2/images/${kept}/file`);
  expect(bytes.body).toBe('bytes that are kept');
  expect((await twin.send('compute', 'GET', `/servers/${later}`)).status).toBe(404);
  // A signed-in user still is, and a host may still link.
  expect((await twin.send('compute', 'GET', '/servers', { token: session })).status).toBe(200);
  const { enrolments } = await twin.ok('operator', 'GET', '/hosts/enrolments');
  expect(enrolments).toMatchObject([{ host: 'hv9', revoked_at: null }]);
  // What was in progress at the moment of the backup ends, and leaves nothing behind.
  await twin.until(async () => {
    const { servers } = await twin.ok('compute', 'GET', '/servers/detail');
    const busy = servers.filter((each: Record<string, unknown>) => each['OS-EXT-STS:task_state']);
    return { done: busy.length === 0, value: busy };
  });
  const { servers } = await twin.ok('compute', 'GET', '/servers');
  for (const each of servers as { id: string }[]) {
    await twin.ok('compute', 'DELETE', `/servers/${each.id}`);
    await twin.gone(each.id);
  }
  expect(await twin.freeVfs('physnet1')).toEqual({ 'host-1': 4, 'host-2': 4 });
});

test('after a restore onto hosts that continued: later guests are shown and keep their VFs, deleted servers are back without a guest', {
  timeout,
}, async () => {
  let cloud = await start('state');
  const network = await cloud.network('red');
  const doomed = await cloud.boot([{ port: await cloud.port(network, 'direct') }]);
  await cloud.settled(doomed, 'ACTIVE');
  await command('backup', place('backup'), '--state-dir', place('state'));
  const later = await cloud.boot([{ port: await cloud.port(network, 'direct') }]);
  const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(later, 'ACTIVE');
  const taken = await deviceOf(cloud, later);
  await cloud.ok('compute', 'DELETE', `/servers/${doomed}`);
  await cloud.gone(doomed);
  await novella.stop();
  // Like real hosts, these keep their guests.
  renameSync(place('state/hosts'), place('hosts'));
  await command('restore', place('backup'), '--state-dir', place('state'), '--replace');
  rmSync(place('state/hosts'), { recursive: true });
  renameSync(place('hosts'), place('state/hosts'));

  cloud = await start('state');
  const { hosts } = await cloud.ok('operator', 'GET', '/hosts');
  const problems = hosts.find(({ name }: { name: string }) => name === host).problems;
  expect(problems).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(`${later}\\) is on this host, and no server has it`),
    }),
  );
  const back = await cloud.settled(doomed, 'ACTIVE');
  await cloud.until(async () => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${doomed}`);
    return { done: server['OS-EXT-STS:power_state'] === 0, value: server };
  });
  expect(back).toBeDefined();
  // Eight VFs: one is held by the restored server, one by the unknown guest. A server that fails
  // for that one releases it, and the next one may be given it again.
  const ports = await Promise.all(Array.from({ length: 7 }, () => cloud.port(network, 'direct')));
  const ids = await Promise.all(ports.map((port) => cloud.boot([{ port }])));
  const ends = await Promise.all(ids.map((id) => cloud.settled(id, 'ACTIVE', 'ERROR')));
  const failed = ends.filter(({ status }) => status === 'ERROR');
  expect(failed.length).toBeGreaterThan(0);
  for (const { fault } of failed) expect(fault.details).toContain('is in use by');
  const active = ids.filter((_, at) => ends[at].status === 'ACTIVE');
  for (const id of active) expect(await deviceOf(cloud, id)).not.toBe(taken);
  await cloud.ok('compute', 'DELETE', `/servers/${doomed}`);
  await cloud.gone(doomed);
});

/** The server's device. Example: `host-1 0000:01:10.0`. */
async function deviceOf(cloud: Cloud, id: string): Promise<string> {
  const { devices } = await cloud.ok('operator', 'GET', '/pci/devices');
  const held = devices.find((each: Record<string, unknown>) => each['instance_uuid'] === id);
  return `${held.host} ${held.address}`;
}
