/**
 * Both hosts of a live migration are checked before anything of the guest is touched: every failed
 * check is named, and where the new host failed, the next one is tried.
 */
import { expect } from 'vitest';
import type { SimulatedFault } from '#integrations/simulated/host-faults.ts';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  bindingOf,
  movesOf,
  serverWithVfs,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const anywhere = { 'os-migrateLive': { host: null, block_migration: 'auto' } };

/** The end of a live migration that was accepted. */
async function migrated(cloud: Cloud, id: string, body: object) {
  const before = (await movesOf(cloud, id)).length;
  expect((await act(cloud, id, body)).status).toBe(202);
  await cloud.until(async () => {
    const moves = await movesOf(cloud, id);
    const isOver = moves.length > before && ['error', 'completed'].includes(moves[0].status);
    return { done: isOver, value: moves[0] };
  });
  const server = await cloud.settled(id, 'ACTIVE');
  const { instanceActions } = await cloud.ok(
    'compute',
    'GET',
    `/servers/${id}/os-instance-actions`,
  );
  return { host: server['OS-EXT-SRV-ATTR:host'], message: instanceActions[0].message };
}

/** The calls of a host that touch a guest, from now on. */
function touching({ hosts }: AllInOne, host: string): string[] {
  const calls: string[] = [];
  const touches = new Set(
    'fetch expect send define undefine start shutDown destroy detachNic applyVfStep'.split(' '),
  );
  hosts.watchCalls(host, ({ act: call }, when) => {
    if (when === 'before' && touches.has(call)) calls.push(call);
  });
  return calls;
}

/** Each fault of a new host, and what its pre-flight must report. */
const faults: [SimulatedFault, RegExp][] = [
  ['wrong-clock', /clock: host host-\d is 60\.0 s behind, at most 5 s are allowed/],
  ['no-machine', /machine: .*'pc-q35-10\.0' is not supported/],
  ['other-cpu', /cpu: .*does not provide required features: avx512f/],
  ['disk-full', /disk: .* needs 20480 MiB, .*100 MiB are free/],
  ['foreign-macvtap', /device: PCI device 0000:3b:\S+: the macvtap interface foreign0 is on it/],
  ['low-mtu', /mtu: \w+ has 1280, the network of port [\w-]+ needs 1500/],
];

scenario(
  'a new host that fails checks is named with every one of them, and nothing is touched',
  async (cloud, running) => {
    const { id, ports, from } = await serverWithVfs(cloud);
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    const calls = [touching(running, from), touching(running, to)];
    for (const [fault, text] of faults) {
      running.hosts.setFault(to, fault);
      const { host, message } = await migrated(cloud, id, anywhere);
      expect(host).toBe(from);
      expect(message).toMatch(new RegExp(`pre-flight on ${to}: `));
      expect(message).toMatch(text);
      running.hosts.setFault(to, fault, false);
    }
    for (const [fault] of faults) running.hosts.setFault(to, fault);
    const { message } = await migrated(cloud, id, anywhere);
    for (const [, text] of faults) expect(message).toMatch(text);
    expect(calls).toEqual([[], []]);
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    for (const port of ports) {
      expect((await bindingOf(cloud, port)).all).toEqual([`${from} ACTIVE`]);
    }
    for (const [fault] of faults) running.hosts.setFault(to, fault, false);
    expect((await migrated(cloud, id, anywhere)).host).toBe(to);
  },
  withHosts(2),
);

scenario(
  'a new host that fails a check is replaced by the next one; a named host is not',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const others = ['host-1', 'host-2', 'host-3'].filter((name) => name !== from);
    running.hosts.setFault(others[0]!, 'other-cpu');
    const named = { 'os-migrateLive': { host: others[0], block_migration: 'auto' } };
    expect((await migrated(cloud, id, named)).host).toBe(from);
    expect((await migrated(cloud, id, anywhere)).host).toBe(others[1]);
  },
  withHosts(3),
);

scenario(
  'a running server is shut down for a cold migration only once its new host has passed',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    const calls = touching(running, from);
    running.hosts.setFault(to, 'wrong-clock');
    // Only a guest that arrives running needs its processor.
    running.hosts.setFault(to, 'other-cpu');
    const { host, message } = await migrated(cloud, id, { migrate: { host: to } });
    expect(host).toBe(from);
    expect(message).toMatch(new RegExp(`pre-flight on ${to}: clock: [^;]*$`));
    expect(calls).toEqual([]);
    running.hosts.setFault(to, 'wrong-clock', false);
    expect((await act(cloud, id, { migrate: { host: to } })).status).toBe(202);
    await cloud.settled(id, 'VERIFY_RESIZE');
  },
  withHosts(2),
);

scenario(
  'a bridge that a normal port needs and the new host lacks is named',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'normal');
    const id = await cloud.boot([{ port }]);
    const from: string = (await cloud.settled(id, 'ACTIVE'))['OS-EXT-SRV-ATTR:host'];
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    running.hosts.setFault(to, 'no-bridges');
    const { host, message } = await migrated(cloud, id, anywhere);
    expect(host).toBe(from);
    expect(message).toMatch(/bridge: port [\w-]+ needs interface up-physnet1, which is absent/);
  },
  withHosts(2),
);

scenario(
  'an old host whose hypervisor is busy with the guest is named, and keeps it',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    running.hosts.setFault(from, 'busy-guests');
    const { host, message } = await migrated(cloud, id, anywhere);
    expect(host).toBe(from);
    expect(message).toMatch(
      new RegExp(`pre-flight on ${from}: job: the hypervisor has another job for guest instance-`),
    );
    running.hosts.setFault(from, 'busy-guests', false);
    expect((await migrated(cloud, id, anywhere)).host).not.toBe(from);
  },
  (config: Config) => withHosts(2)(config),
);

scenario(
  'a server that is ACTIVE moves cold although its guest has ended, and starts on its new host',
  async (cloud, running) => {
    const { id, from } = await serverWithVfs(cloud);
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    const endGuestOnce = () => {
      let ends = true;
      running.hosts.watchCalls(from, ({ act: call }, when) => {
        if (call !== 'listGuests' || when !== 'before' || !ends) return;
        ends = false;
        void running.hosts.onHost(from, ({ hypervisor }) => hypervisor.destroy(id));
      });
    };
    endGuestOnce();
    expect((await act(cloud, id, { migrate: { host: to } })).status).toBe(202);
    await cloud.settled(id, 'VERIFY_RESIZE');
    expect((await useOf(cloud, running, to)).guests).toEqual([`${id} running`]);
    expect((await act(cloud, id, { revertResize: null })).status).toBe(202);
    await cloud.settled(id, 'ACTIVE');
    // One that ends before a live migration has nothing to send.
    endGuestOnce();
    expect((await act(cloud, id, anywhere)).status).toBe(202);
    await cloud.settled(id, 'SHUTOFF');
    const path = `/servers/${id}/os-instance-actions`;
    const { instanceActions } = await cloud.ok('compute', 'GET', path);
    const failed = instanceActions.find(
      ({ action }: { action: string }) => action === 'live-migration',
    );
    expect(failed.message).toMatch(/guest: guest instance-\w+ is shutOff, and must run/);
  },
  withHosts(2),
);
