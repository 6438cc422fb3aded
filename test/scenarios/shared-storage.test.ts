/**
 * Hosts that have the files of their guests on the same storage: a move copies none, and the host
 * that a server leaves removes none.
 */
import { expect } from 'vitest';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
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
