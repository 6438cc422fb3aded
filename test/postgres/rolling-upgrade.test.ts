/**
 * Controllers are upgraded one by one while servers boot: two versions run side by side over one
 * schema, and each continues what the other began.
 */
import { afterEach, expect, inject, test } from 'vitest';
import { Cluster, textOf } from '#test/clusters/cluster.ts';
import { migrationsAhead } from '#test/upgrade/version-ahead.ts';
import type { Cloud } from '#test/worlds/cloud.ts';

const timeoutMs = 240_000;

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
}, timeoutMs);

const host = 'hv1';

async function aCluster() {
  cluster = await Cluster.start(inject('postgres'), { controllers: 2, hosts: [host] });
  const running = cluster;
  const [first] = await clouds(running);
  if (first === undefined) throw new Error('there are two');
  const network = await first.network('red');
  await running.startAgent(host, first);
  const freeVfs = async () => (await first.freeVfs('physnet1'))[host] ?? 0;
  await expect.poll(freeVfs, { timeout: 30_000 }).toBeGreaterThan(0);
  return { running, network };
}

const clouds = (of: Cluster): Promise<Cloud[]> =>
  Promise.all(of.controllers.map((controller) => of.at(controller)));

/** A server boots through each controller and is deleted through the next one. */
async function bootThroughEach(of: Cluster, network: string): Promise<void> {
  const all = await clouds(of);
  const ids = await Promise.all(
    all.map(async (cloud) => cloud.boot([{ port: await cloud.port(network, 'direct') }])),
  );
  for (const [at, id] of ids.entries()) {
    const next = all[(at + 1) % all.length];
    if (next === undefined) throw new Error('there are two');
    await next.settled(id, 'ACTIVE');
    await next.ok('compute', 'DELETE', `/servers/${id}`);
    await next.gone(id);
  }
}

/** Boots one server after another through this controller until it is ended. */
function keepBooting(cloud: Cloud, network: string) {
  const ending = new AbortController();
  const booting = (async () => {
    let count = 0;
    for (; !ending.signal.aborted; count += 1) {
      const id = await cloud.boot([{ port: await cloud.port(network, 'direct') }]);
      await cloud.settled(id, 'ACTIVE');
      await cloud.ok('compute', 'DELETE', `/servers/${id}`);
      await cloud.gone(id);
    }
    return count;
  })();
  return {
    /** How many servers there were. Throws what failed. */
    end: () => {
      ending.abort();
      return booting;
    },
  };
}

test(
  'controllers of two versions boot servers side by side, whichever is restarted',
  async () => {
    const { running, network } = await aCluster();
    const ran = async () =>
      (
        await running.rows(`select name from kysely_migration where name like '9%' order by name`)
      ).map(({ name }) => textOf(name));
    const restart = async (name: string, ahead?: 'online') => {
      const others = running.controllers.filter((one) => one.name !== name);
      const [other] = others;
      if (other === undefined) throw new Error('there are two');
      const booting = keepBooting(await running.at(other), network);
      await running.controllers.find((one) => one.name === name)?.stop();
      await running.startController(name, ahead);
      expect(await booting.end()).toBeGreaterThan(0);
    };
    await bootThroughEach(running, network);
    await restart('controller-1', 'online');
    expect(await ran()).toEqual(Object.keys(migrationsAhead('online')));
    await bootThroughEach(running, network);
    // The version before starts with this schema too, as after an upgrade that is reverted.
    await restart('controller-2');
    await bootThroughEach(running, network);
    await restart('controller-2', 'online');
    await bootThroughEach(running, network);
    expect(await running.rows('select 1 from pci_devices where instance_uuid is not null')).toEqual(
      [],
    );
  },
  timeoutMs,
);

test(
  'a controller is not ready while another version has changed the schema, and ends when it lost its database meanwhile',
  async () => {
    cluster = await Cluster.start(inject('postgres'), { controllers: 1, hosts: [host] });
    const [controller] = cluster.controllers;
    if (controller === undefined) throw new Error('there is one');
    const ready = async () => {
      const answer = await fetch(new URL('/readyz', controller.url));
      return `${answer.status} ${await answer.text()}`;
    };
    expect(await ready()).toBe('200 OK');
    await cluster.rows(`insert into kysely_migration values ('9003-changed', '2030-01-01')`);
    await expect
      .poll(ready, { timeout: 10_000 })
      .toContain('503 database has the schema of another version');
    await cluster.rows(
      `select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and datname = current_database()`,
    );
    expect(await controller.ended).toBe(1);
    expect(controller.entries.at(-1)?.msg).toMatch(/a newer Novella has changed .*: 9003-changed/);
  },
  timeoutMs,
);

test(
  'a second controller with the name of a running one is refused, and the first one continues',
  async () => {
    cluster = await Cluster.start(inject('postgres'), { controllers: 1, hosts: [host] });
    const [first] = cluster.controllers;
    if (first === undefined) throw new Error('there is one');
    await expect(cluster.startController(first.name)).rejects.toThrow(
      'a controller with the name controller-1 runs already',
    );
    const answer = await fetch(new URL('/readyz', first.url));
    expect(answer.status).toBe(200);
    await first.kill();
    const again = await cluster.startController(first.name);
    expect(again.pid).not.toBe(first.pid);
  },
  timeoutMs,
);
