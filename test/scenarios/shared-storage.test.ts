/**
 * Hosts that have the files of their guests on the same storage: a move copies none, and the host
 * that a server leaves removes none.
 */
import { expect } from 'vitest';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  allMovesOf,
  flavorId,
  move,
  movesOf,
  serverWithVfs,
  setService,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** host-1 and host-2 share their storage; host-3 has its own. */
const sharing =
  (count: number) =>
  (config: Config): Config => {
    const { simulated, ...rest } = withHosts(count)(config);
    if (simulated?.kind !== 'described') throw new Error('hosts are described');
    const hosts = simulated.hosts.map((host, at) => ({
      ...host,
      ...(at < 2 && { sharedStorage: 'nas' }),
    }));
    return { ...rest, simulated: { kind: 'described', hosts } };
  };

const fileActs = new Set('prefetch fetch fetchConsole prepare missing remove'.split(' '));

/** What is done with the files of guests from now on. */
function watched({ hosts }: AllInOne, names: readonly string[]): string[] {
  const acts: string[] = [];
  for (const host of names) {
    hosts.watchCalls(host, ({ part, act: call }, when) => {
      const isOfFiles = part === 'guestFiles' || part === 'transfer';
      if (isOfFiles && when === 'before' && fileActs.has(call)) acts.push(`${host}: ${call}`);
    });
  }
  return acts;
}

const both = ['host-1', 'host-2'];
const other = (host: string) => (host === 'host-1' ? 'host-2' : 'host-1');
const live = (host: string) => ({ 'os-migrateLive': { host, block_migration: 'auto' } });

async function deleted(cloud: Cloud, id: string): Promise<void> {
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
}

scenario(
  'no file is copied or removed by live and cold moves and resizes, confirmed or reverted',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const to = other(from);
    const acts = watched(running, both);
    const since = () => acts.splice(0);
    const found = (host: string) => [`${host}: missing`];
    const startedOn = (host: string) => [`${host}: missing`, `${host}: prepare`];

    const arrived = await move(cloud, id, live(to), 'ACTIVE');
    expect(arrived['OS-EXT-SRV-ATTR:host']).toBe(to);
    // A simulated guest that is sent live is started on its new host.
    expect(since()).toEqual([...found(to), ...startedOn(to)]);
    await move(cloud, id, { migrate: { host: from } }, 'VERIFY_RESIZE');
    expect(since()).toEqual([...found(from), ...startedOn(from)]);
    await move(cloud, id, { revertResize: null }, 'ACTIVE');
    expect(since()).toEqual(startedOn(to));
    const flavorRef = await flavorId(cloud, 'm1.medium');
    await move(cloud, id, { resize: { flavorRef } }, 'VERIFY_RESIZE');
    await move(cloud, id, { confirmResize: null }, 'ACTIVE');
    expect(since()).toEqual([...found(from), ...startedOn(from)]);
    await move(cloud, id, { 'os-stop': null }, 'SHUTOFF');
    await move(cloud, id, { migrate: null }, 'VERIFY_RESIZE');
    await move(cloud, id, { confirmResize: null }, 'SHUTOFF');
    expect(since()).toEqual(startedOn(to));
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    await deleted(cloud, id);
    expect(since()).toEqual([`${to}: remove`]);
  },
  sharing(2),
);

scenario(
  'a move that fails leaves the files, and the server runs with them where it was',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const to = other(from);
    const acts = watched(running, both);
    running.hosts.setFault(to, 'permission-denied');
    await move(cloud, id, { migrate: { host: to } }, 'ACTIVE');
    expect((await movesOf(cloud, id))[0]).toMatchObject({ status: 'error' });
    running.hosts.setFault(to, 'other-cpu');
    await move(cloud, id, live(to), 'ACTIVE');
    expect(acts.filter((call) => /remove|fetch/.test(call))).toEqual([]);
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
  },
  sharing(2),
);

scenario(
  'an evacuated server keeps its disk, which its old host does not remove when it returns',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const to = other(from);
    running.hosts.kill(from);
    await setService(cloud, from, { forced_down: true });
    await move(cloud, id, { evacuate: {} }, 'ACTIVE', 'ERROR');
    const { spawn_steps: steps } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect(steps.map(({ step }: { step: string }) => step).slice(0, 3)).toEqual([
      ...['check-devices', 'find-files', 'prepare-files'],
    ]);
    await running.hosts.start(from);
    const acts = watched(running, both);
    await setService(cloud, from, { forced_down: false });
    await cloud.until(async () => {
      const use = await useOf(cloud, running, from);
      return { done: use.vcpus === 0, value: use };
    });
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(acts).toEqual([]);
    await deleted(cloud, id);
    expect(acts).toEqual([`${to}: remove`]);
  },
  sharing(2),
);

/** The host is back, and has removed what it still had of the server. */
async function returned(cloud: Cloud, running: AllInOne, host: string): Promise<void> {
  await running.hosts.start(host);
  await setService(cloud, host, { forced_down: false });
  await cloud.until(async () => {
    const use = await useOf(cloud, running, host);
    return { done: use.vcpus === 0, value: use };
  });
}

scenario(
  'a shelved server does not return to storage on which a silent host will remove its files',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const to = other(from);
    running.hosts.watchCalls(from, ({ act: call }, when) => {
      if (call !== 'undefine' || when !== 'before') return;
      running.hosts.watchCalls(from, undefined);
      running.hosts.kill(from);
    });
    expect((await act(cloud, id, { shelve: null })).status).toBe(202);
    await cloud.until(async () => {
      const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
      return { done: server['OS-EXT-STS:vm_state'].startsWith('shelved'), value: server };
    });
    await setService(cloud, from, { forced_down: true });
    await cloud.settled(id, 'SHELVED_OFFLOADED');
    const refused = await move(cloud, id, { unshelve: null }, 'SHELVED_OFFLOADED');
    expect(refused['OS-EXT-STS:vm_state']).toBe('shelved_offloaded');
    expect((await allMovesOf(cloud, id))[0]).toMatchObject({ status: 'error' });
    const { decisions } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect(JSON.stringify(decisions)).toContain(
      `its storage is that of ${from}, which removes the files of this server once it is back`,
    );
    await returned(cloud, running, from);
    await setService(cloud, from, { status: 'disabled' });
    await move(cloud, id, { unshelve: null }, 'ACTIVE');
    await setService(cloud, from, { status: 'enabled' });
    const acts = watched(running, both);
    await move(cloud, id, live(from), 'ACTIVE');
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    // It is started with the files that are there.
    expect(acts).toEqual([`${from}: missing`, `${from}: missing`, `${from}: prepare`]);
  },
  (config) => ({ ...sharing(2)(config), hostDownMs: 1_000 }),
);

scenario(
  'an evacuated server does not return to the storage of its lost host before that is back',
  async (cloud, running) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }], { availability_zone: 'nova:host-1' });
    await cloud.settled(id, 'ACTIVE');
    running.hosts.kill('host-1');
    await setService(cloud, 'host-1', { forced_down: true });
    await move(cloud, id, { evacuate: { host: 'host-3' } }, 'ACTIVE', 'ERROR');
    const refused = await act(cloud, id, { migrate: { host: 'host-2' } });
    expect(refused).toMatchObject({
      status: 400,
      body: { badRequest: { message: expect.stringContaining('its storage is that of host-1') } },
    });
    await returned(cloud, running, 'host-1');
    await move(cloud, id, { migrate: { host: 'host-2' } }, 'VERIFY_RESIZE');
    await move(cloud, id, { confirmResize: null }, 'ACTIVE');
    const acts = watched(running, both);
    await move(cloud, id, live('host-1'), 'ACTIVE');
    expect(acts).toEqual(['host-1: missing', 'host-1: missing', 'host-1: prepare']);
  },
  sharing(3),
);

scenario(
  'where the storages differ the files are copied, and removed from the old host',
  async (cloud, running) => {
    const port = await cloud.port(await cloud.network('red'), 'direct');
    const id = await cloud.boot([{ port }], { availability_zone: 'nova:host-1' });
    await cloud.settled(id, 'ACTIVE');
    const acts = watched(running, ['host-1', 'host-3']);
    await move(cloud, id, live('host-3'), 'ACTIVE');
    const copied = ['host-3: fetch', 'host-3: fetch', 'host-3: prepare'];
    expect(acts).toEqual([...copied, 'host-1: remove']);
  },
  sharing(3),
);
