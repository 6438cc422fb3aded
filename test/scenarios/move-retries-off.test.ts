/**
 * While a resize or cold migration continues with another host, the guest stays off on its old one:
 * it is shut down once, and started there again only when no host is left.
 */
import { expect } from 'vitest';
import { ComputeError } from '#core/errors.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  flavorId,
  movesOf,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

/** A server with a VF on one of so many hosts, and what its old host does with its guest. */
async function aServer(cloud: Cloud, running: AllInOne, count: number) {
  const port = await cloud.port(await cloud.network('red'), 'direct');
  const id = await cloud.boot([{ port }]);
  const from: string = (await cloud.settled(id, 'ACTIVE'))['OS-EXT-SRV-ATTR:host'];
  const all = Array.from({ length: count }, (_, at) => `host-${at + 1}`);
  const power: string[] = [];
  const watch = () =>
    running.hosts.watchCalls(from, ({ act: call }, when) => {
      if (when === 'before' && ['start', 'shutDown', 'destroy'].includes(call)) power.push(call);
    });
  return { id, from, others: all.filter((name) => name !== from), power, watch };
}

/** These hosts fail to receive guests. `onFailure`: before the call with this number, from 1. */
function failing({ hosts }: AllInOne, names: string[], onFailure = (_number: number) => {}) {
  const failed: string[] = [];
  for (const name of names) {
    hosts.watchCalls(name, ({ act: call }, when) => {
      if (call !== 'fetch' || when !== 'before') return;
      onFailure(failed.push(name));
      throw new ComputeError('unavailable', `no room on ${name}`);
    });
  }
  return failed;
}

async function request(cloud: Cloud, id: string, body: object): Promise<void> {
  expect((await act(cloud, id, body)).status).toBe(202);
}

scenario(
  'the guest is shut down once, though the first host fails, and does not start on the old one',
  async (cloud, running) => {
    const { id, from, others, power, watch } = await aServer(cloud, running, 3);
    watch();
    let isOver = false;
    const failed = failing(running, others, () => {
      // Only the first fails.
      if (isOver) return;
      isOver = true;
      for (const name of others) if (name !== failed[0]) running.hosts.watchCalls(name, undefined);
    });
    await request(cloud, id, { migrate: null });
    const moved = await cloud.settled(id, 'VERIFY_RESIZE');
    expect(moved['OS-EXT-SRV-ATTR:host']).not.toBe(from);
    expect(failed).toHaveLength(1);
    expect(power).toEqual(['shutDown']);
    await request(cloud, id, { revertResize: null });
    expect(await cloud.settled(id, 'ACTIVE')).toMatchObject({ 'OS-EXT-SRV-ATTR:host': from });
    expect(power).toEqual(['shutDown', 'start']);
  },
  withHosts(3),
);

for (const count of [3, 5]) {
  scenario(
    `of ${count} hosts none takes the guest: it is started once where it was, at the end`,
    async (cloud, running) => {
      const { id, from, others, power, watch } = await aServer(cloud, running, count);
      watch();
      const seen: string[][] = [];
      const failed = failing(running, others, () => void seen.push([...power]));
      await request(cloud, id, { migrate: null });
      await cloud.settled(id, 'ACTIVE');
      expect(failed).toHaveLength(count === 3 ? 2 : 3);
      expect(seen).toEqual(failed.map(() => ['shutDown']));
      expect(power).toEqual(['shutDown', 'start']);
      expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 1 }));
      for (const name of others) expect(await useOf(cloud, running, name)).toMatchObject(unused);
      expect(await movesOf(cloud, id)).toMatchObject([{ status: 'error' }]);
      const path = `/servers/${id}/os-instance-actions`;
      const { instanceActions } = await cloud.ok('compute', 'GET', path);
      const message = count === 3 ? 'No valid host was found' : 'no room on';
      expect(instanceActions[0].message).toContain(message);
    },
    withHosts(count),
  );
}

scenario(
  'a stopped server that no host takes is stopped where it was',
  async (cloud, running) => {
    const { id, from, others, power, watch } = await aServer(cloud, running, 3);
    await request(cloud, id, { 'os-stop': null });
    await cloud.settled(id, 'SHUTOFF');
    watch();
    const failed = failing(running, others);
    await request(cloud, id, { migrate: null });
    await cloud.until(async () => {
      const [value] = await movesOf(cloud, id);
      return { done: value.status === 'error', value };
    });
    expect(await cloud.settled(id, 'SHUTOFF')).toMatchObject({ 'OS-EXT-SRV-ATTR:host': from });
    expect(failed).toHaveLength(2);
    expect(power).toEqual([]);
    const use = usedBy(id, { vfs: 1, state: 'shutOff' });
    expect(await useOf(cloud, running, from)).toMatchObject(use);
  },
  withHosts(3),
);

for (const isTaken of [true, false]) {
  scenario(
    `a resize that no other host takes ${isTaken ? 'is made' : 'and that fails'} on the server’s own host, from off`,
    async (cloud, running) => {
      const { id, from, others, power } = await aServer(cloud, running, 3);
      const flavorRef = await flavorId(cloud, 'm1.medium');
      let refusals = isTaken ? 0 : 1;
      running.hosts.watchCalls(from, ({ act: call }, when) => {
        if (when === 'before' && ['start', 'shutDown'].includes(call)) power.push(call);
        if (when === 'before' && call === 'start' && refusals-- > 0) {
          throw new ComputeError('unavailable', 'does not start');
        }
      });
      const failed = failing(running, others);
      await request(cloud, id, { resize: { flavorRef } });
      const after = await cloud.settled(id, isTaken ? 'VERIFY_RESIZE' : 'ACTIVE');
      expect(after).toMatchObject({ 'OS-EXT-SRV-ATTR:host': from });
      expect(failed).toHaveLength(2);
      expect(power).toEqual(['shutDown', 'start', ...(isTaken ? [] : ['start'])]);
      const { guests } = await useOf(cloud, running, from);
      expect(guests).toEqual([`${id} running`]);
      for (const name of others) expect(await useOf(cloud, running, name)).toMatchObject(unused);
    },
    withHosts(3),
  );
}

scenario(
  'a server that is deleted between two hosts leaves nothing on any',
  async (cloud, running) => {
    const { id, from, others, power, watch } = await aServer(cloud, running, 5);
    watch();
    let deleted: Promise<unknown> = Promise.resolve();
    failing(running, others, (number) => {
      if (number === 2) deleted = cloud.ok('compute', 'DELETE', `/servers/${id}`);
    });
    await request(cloud, id, { migrate: null });
    await cloud.gone(id);
    await deleted;
    expect(power).toEqual(['shutDown']);
    for (const name of [from, ...others]) {
      await cloud.until(async () => {
        const value = await useOf(cloud, running, name);
        return { done: value.holders.length + value.guests.length === 0, value };
      });
      expect(await useOf(cloud, running, name)).toMatchObject(unused);
    }
  },
  withHosts(5),
);
