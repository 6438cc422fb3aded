/**
 * A new host that fails is given up: the move continues with the next best one, as often as a boot
 * does, and what was reserved on the failed host is free.
 */
import { expect } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  allMovesOf,
  bindingOf,
  flavorId,
  serverWithVfs,
  setService,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** The next `times` hosts that prepare files for a guest fail; their names, as they do. */
function failing({ hosts }: AllInOne, names: string[], times: number): string[] {
  const failed: string[] = [];
  for (const name of names) {
    hosts.watchCalls(name, ({ part, act: call }, when) => {
      if (when !== 'before' || failed.length >= times) return;
      if (!['guestFiles.prepare', 'transfer.fetch'].includes(`${part}.${call}`)) return;
      failed.push(name);
      throw new ComputeError('unavailable', `no room on ${name}`);
    });
  }
  return failed;
}

const others = (count: number, from: string) =>
  Array.from({ length: count }, (_, at) => `host-${at + 1}`).filter((name) => name !== from);

/** The request of each move, and how it ends where a host can take the server, and where none. */
const moves = [
  { name: 'a resize', done: 'VERIFY_RESIZE', left: 'ACTIVE' },
  { name: 'a cold migration', done: 'VERIFY_RESIZE', left: 'ACTIVE' },
  { name: 'an evacuation', done: 'ACTIVE', left: 'ERROR' },
  { name: 'an unshelve', done: 'ACTIVE', left: 'SHELVED_OFFLOADED' },
] as const;

async function begin(
  cloud: Cloud,
  running: AllInOne,
  name: (typeof moves)[number]['name'],
  { id, from }: { id: string; from: string },
): Promise<() => Promise<void>> {
  const request = async (body: object) => {
    const { status } = await act(cloud, id, body);
    expect([200, 202]).toContain(status);
  };
  if (name === 'a resize') {
    const flavorRef = await flavorId(cloud, 'm1.medium');
    return () => request({ resize: { flavorRef } });
  }
  if (name === 'a cold migration') return () => request({ migrate: null });
  if (name === 'an evacuation') {
    running.hosts.kill(from);
    await setService(cloud, from, { forced_down: true });
    return () => request({ evacuate: {} });
  }
  await request({ shelve: null });
  await cloud.settled(id, 'SHELVED_OFFLOADED');
  await setService(cloud, from, { status: 'disabled' });
  return () => request({ unshelve: null });
}

for (const { name, done, left } of moves) {
  scenario(
    `${name} continues with the next host when the chosen one fails; both decisions are kept`,
    async (cloud, running) => {
      const server = await serverWithVfs(cloud);
      const { id, from, ports } = server;
      const start = await begin(cloud, running, name, server);
      const failed = failing(running, others(3, from), 1);
      await start();
      const moved = await cloud.settled(id, done, left);
      expect(moved).toMatchObject({ status: done });
      expect(failed).toHaveLength(1);
      const to: string = moved['OS-EXT-SRV-ATTR:host'];
      expect([from, ...failed]).not.toContain(to);
      expect(await useOf(cloud, running, failed[0]!)).toMatchObject(unused);
      expect((await useOf(cloud, running, to)).holders).toEqual([id, id]);
      for (const port of ports) {
        const { host, all } = await bindingOf(cloud, port);
        expect(host).toBe(to);
        expect(all.join()).not.toContain(failed[0]);
      }
      const { decisions } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
      expect(decisions.map(({ chosen }: { chosen: string }) => chosen).slice(-2)).toEqual([
        failed[0],
        to,
      ]);
      expect(decisions.at(-1).rejections).toContainEqual(
        expect.objectContaining({ host: failed[0], filter: 'excluded' }),
      );
      expect(await allMovesOf(cloud, id)).toMatchObject([{ target: to }]);
    },
    withHosts(3),
  );

  scenario(
    `${name} is tried on three hosts and no more: then the server is as it was before`,
    async (cloud, running) => {
      const server = await serverWithVfs(cloud);
      const { id, from } = server;
      const start = await begin(cloud, running, name, server);
      const failed = failing(running, others(5, from), 9);
      await start();
      const after = await cloud.settled(id, done, left);
      expect(after).toMatchObject({ status: left });
      expect(new Set(failed).size).toBe(3);
      expect(failed).toHaveLength(3);
      for (const host of others(5, from)) {
        expect(await useOf(cloud, running, host)).toMatchObject(unused);
      }
      if (left === 'ACTIVE') {
        expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
      }
      expect(await allMovesOf(cloud, id)).toMatchObject([{ status: 'error' }]);
      const { instanceActions } = await cloud.ok(
        'compute',
        'GET',
        `/servers/${id}/os-instance-actions`,
      );
      expect(instanceActions[0].message).toContain('no room on');
    },
    withHosts(5),
  );
}

scenario(
  'a host of the administrator’s choice that fails is not replaced by another',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const [to = ''] = others(3, from);
    const failed = failing(running, others(3, from), 1);
    const { status } = await act(cloud, id, { migrate: { host: to } });
    expect(status).toBe(202);
    const after = await cloud.settled(id, 'ACTIVE', 'VERIFY_RESIZE');
    expect(after).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': from });
    expect(failed).toEqual([to]);
  },
  withHosts(3),
);
