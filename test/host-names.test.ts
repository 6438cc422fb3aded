/**
 * Host names, devices and the messages of hosts are for administrators: no answer to anybody else
 * has one, of any call about a server that is full of them. Calls that wait for an answer of the
 * host end early here, because no host is linked; what a host answers to one has tests of its own.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { routes } from '#api/routes.ts';
import type { CommandResult } from '#contracts/host/host-link.ts';
import type { FixedIp } from '#core/networking/port.ts';
import type { Server } from '#core/servers/server.ts';
import { titleOf } from '#http/routes/route.ts';
import { recordedLog } from '#test/recorded-log.ts';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  imageId,
  networkId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { aRestingServer } from '#test/servers/resting-server.ts';
import { aNic, aVf } from '#test/worlds/store-rows.ts';
import { requestFor } from './fuzz/policy-requests.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

/** They wait for their host, which does not answer here. */
const waiting = new Set([
  'POST /servers/:id/os-interface',
  'POST /servers/:id/action os-getConsoleOutput',
]);

/** `host-1` and `host-2` are hosts; the address is that of a VF. */
const secrets = /host-[12]|hv1|0000:81:00|qemu|\/var\/lib/;
const inner = 'qemu on host-1: /var/lib/novella/x: 0000:81:00.2 is busy';

/** With a NIC, an action and an event that have all of them. */
async function aServer(change: Partial<Omit<Server, 'serial'>> = {}): Promise<Server> {
  const vif = {
    portId: 'p',
    macAddress: 'fa:16:3e:00:00:01',
    vnicType: 'direct',
    vifType: 'hw_veb',
    details: { vlan: '100' },
    profile: { pci_slot: '0000:81:00.2', physical_network: 'physnet1' },
    network: { id: networkId, name: 'red', mtu: 1500, bridge: null },
    fixedIps: [] as FixedIp[],
    devName: 'tap1',
    tag: null,
  } as const;
  const nics = [aNic({ networkId, vif })];
  const event = {
    name: 'spawn',
    startedAt: 2_000,
    finishedAt: 3_500,
    result: 'Error',
    details: inner,
    host: 'host-1',
  } as const;
  return aRestingServer(world, { nics, ...change }, { events: [event], message: inner });
}

test.each(['manager', 'member', 'reader', 'own service', 'no role'])(
  'no answer to a %s names a host or a device',
  async (as) => {
    const leaks: string[] = [];
    const created = world.time.now;
    const fault = { code: 500, message: inner, details: inner, created };
    for (const change of [{}, { vmState: 'error', fault } as const]) {
      let server = await aServer(change);
      for (const route of routes) {
        if (waiting.has(titleOf(route))) continue;
        const tenant = { project: projectId, image: imageId, server: server.id, group: 'g' };
        const { path: generated, minor, text } = requestFor(route, tenant);
        const path = generated.replace('/os-instance-actions/x', '/os-instance-actions/req-1');
        const answer = await world.ask(`${route.method} /v2.1${path}`, {
          as,
          version: `2.${minor}`,
          ...(text !== undefined && { body: text }),
        });
        const shown = JSON.stringify([answer.body, answer.headers]);
        const [found] = secrets.exec(shown) ?? [];
        // It may be changed, or gone.
        if (route.method !== 'GET' && answer.status < 300) server = await aServer(change);
        if (found !== undefined) leaks.push(`${titleOf(route)}: ${found} in ${shown}`);
      }
    }
    expect(leaks).toEqual([]);
  },
  30_000,
);

test('an administrator sees them: the secrets are there to be found', async () => {
  const created = world.time.now;
  const fault = { code: 500, message: inner, details: inner, created };
  const { id } = await aServer({ vmState: 'error', fault });
  const { body } = await world.ask(`GET /v2.1/servers/${id}`);
  expect([body.server.fault.message, body.server['OS-EXT-SRV-ATTR:host']]).toEqual([
    inner,
    'host-1',
  ]);
  const path = `/v2.1/servers/${id}/os-instance-actions`;
  const { body: list } = await world.ask(`GET ${path}`);
  const [action] = list.instanceActions;
  expect(action.message).toBe(inner);
  const { body: shown } = await world.ask(`GET ${path}/${action.request_id}`);
  expect(shown.instanceAction.events[0]).toMatchObject({ host: 'host-1', details: inner });
});

test('the device that prevents a live migration is named to administrators alone', async () => {
  const server = await aServer();
  const [host] = await world.store.hosts.list();
  const devices = [aVf('0000:81:00.2', { serverId: server.id, requestId: 'r1' })];
  const { id: hostId, generation } = host!;
  await world.store.hosts.update({ hostId, generation, devices });
  const body = { 'os-migrateLive': { host: null, block_migration: 'auto' } };
  const refused = async (as: string) =>
    faultOf(await world.ask(`POST /v2.1/servers/${server.id}/action`, { as, body })).message;
  const start = `Instance ${server.id} cannot be migrated live: its PCI devices are not live-migratable`;
  expect(await refused('admin')).toBe(`${start}: 0000:81:00.2`);
  expect(await refused('manager')).toBe(start);
});

test('why a host could not set a password is in the log alone', async () => {
  const { context, store } = world;
  const log = recordedLog();
  // The host answers each command with a failure.
  const notify = async (topic: string) => {
    const hostId = /^commands:(.*)/.exec(topic)?.[1] ?? '';
    for (const { seq } of await store.commands.pending(hostId)) {
      const result: CommandResult = { ok: false, message: inner, detail: inner, steps: [] };
      await store.commands.complete(hostId, seq, result, { now: world.time.now });
    }
  };
  Object.assign(context, { log, wakeup: { ...context.wakeup, notify } });
  const { id } = await aServer({ imageProperties: { hw_qemu_guest_agent: 'yes' } });
  const body = { changePassword: { adminPass: 'new-password' } };
  const path = `POST /v2.1/servers/${id}/action`;
  const problem = `Failed to set the password of root on instance ${id}`;
  for (const as of ['member', 'admin']) {
    const answer = await world.ask(path, { as, body });
    expect([answer.status, faultOf(answer).message]).toEqual([
      409,
      `${problem}: its guest agent does not answer, or refuses it`,
    ]);
    expect(JSON.stringify([answer.body, answer.headers])).not.toMatch(secrets);
  }
  expect(log.entries).toEqual(Array(2).fill(`warn ${problem}: ${inner}`));
  expect(await store.commands.pending(String((await store.hosts.list())[0]?.id))).toEqual([]);
});

test('the host that an evacuation requires to be down is named to administrators alone', async () => {
  world.useRules({ 'os_compute_api:os-evacuate': 'role:manager' });
  const { id } = await aServer();
  const refused = async (as: string) =>
    faultOf(await world.ask(`POST /v2.1/servers/${id}/action`, { as, body: { evacuate: {} } }))
      .message;
  expect(await refused('admin')).toMatch(/^Compute service of host-1 is still in use/);
  expect(await refused('manager')).toMatch(/^Compute service of its host is still in use/);
});
