import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const get = (id: string, what: string, as: string, version = '2.79') =>
  world.ask(`GET /v2.1/servers/${id}/${what}`, { as, version });

/** An active server whose boot has ended. */
async function idleServer(change: object = {}) {
  const server = await world.activeServer(change);
  const task = await world.store.tasks.of(server.id);
  if (task === undefined || 'problem' in task) throw new Error('no task');
  await world.store.commit({ task, next: null, outcome: { is: 'ok' } });
  return server;
}

const act = (id: string, body: object, version = '2.79') =>
  world.ask(`POST /v2.1/servers/${id}/action`, { as: 'member', body, version });

test('the topology of a server: its cells, and for administrators their places', async () => {
  const { id, hostId } = await world.activeServer();
  const shares = [
    { serverId: id, node: 1, vcpus: 2, memoryMib: 512, cpus: [4, 6] },
    { serverId: 'other', node: 0, vcpus: 1, memoryMib: 64, cpus: [] },
    { serverId: id, node: 0, vcpus: 1, memoryMib: 256, cpus: [] },
  ];
  const topology = JSON.stringify({ nodes: [], claims: shares });
  await world.db
    .updateTable('compute_nodes')
    .set({ numa_topology: topology })
    .where('uuid', '=', hostId ?? '')
    .execute();
  const cells = [
    { vcpu_set: [0, 1], siblings: [], memory_mb: 512 },
    { vcpu_set: [2], siblings: [], memory_mb: 256 },
  ];
  expect((await get(id, 'topology', 'reader')).body).toEqual({ nodes: cells, pagesize_kb: null });
  expect((await get(id, 'topology', 'admin')).body.nodes).toEqual([
    { ...cells[0], host_node: 1, cpu_pinning: { 0: 4, 1: 6 } },
    { ...cells[1], host_node: 0, cpu_pinning: {} },
  ]);
  expect((await get(id, 'topology', 'stranger')).status).toBe(404);
  expect((await get(id, 'topology', 'reader', '2.77')).status).toBe(404);
});

test('a server without a topology has no nodes', async () => {
  const { id } = await world.server();
  expect((await get(id, 'topology', 'reader')).body).toEqual({ nodes: [], pagesize_kb: null });
});

test('a crash dump is triggered, from 2.17 on, in states with a guest', async () => {
  const { id } = await idleServer();
  const body = { trigger_crash_dump: null };
  expect(await act(id, body, '2.16')).toMatchObject({ status: 404 });
  expect(await act(id, body)).toMatchObject({ status: 202 });
  expect(await world.store.tasks.of(id)).toMatchObject({ data: { act: 'crash-dump' } });
  const off = await idleServer({ vmState: 'stopped', nics: [] });
  expect(await act(off.id, body)).toMatchObject({ status: 409 });
});

test.each([
  {
    name: 'an image without an agent',
    change: {},
    status: 409,
    message: /^QEMU guest agent is not/,
  },
  {
    name: 'a wrong state',
    change: { vmState: 'stopped' },
    status: 409,
    message: /'changePassword'/,
  },
])('no password is set in a guest: $name', async ({ change, status, message }) => {
  const { id } = await idleServer(change);
  const reply = await act(id, { changePassword: { adminPass: 'secret' } });
  expect(reply.status).toBe(status);
  expect(faultOf(reply).message).toMatch(message);
  expect(faultOf(reply).message).not.toContain('secret');
});

test.each([12_345, '12345\0', '12345'.repeat(205)])(
  'a bad password is refused, and not shown: %j',
  async (adminPass) => {
    const { id } = await idleServer();
    const reply = await act(id, { changePassword: { adminPass } });
    expect([reply.status, faultOf(reply).message]).toEqual([
      400,
      expect.not.stringContaining('12345'),
    ]);
  },
);
