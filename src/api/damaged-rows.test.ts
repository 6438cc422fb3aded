/** A row that cannot be read is refused by its id, and can be deleted; lists omit it. */
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf, flavorId } from '#test/worlds/compute-world.ts';
import { aNic } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

const damage = (table: string, change: string) =>
  sql.raw(`update ${table} set ${change}`).execute(world.db);

const documents = ['flavor', 'metadata', 'tags', 'image_properties', 'fault'];

const places = [
  ...documents.map((column) => ({ table: 'instances', column })),
  { table: 'instance_nics', column: 'vif' },
];

test.each(places)(
  'a server whose $table.$column is damaged is refused by name, with the reason for administrators, and can be deleted',
  async ({ table, column }) => {
    const { id } = await world.server({ nics: [aNic({ portId: null })] });
    await damage(table, `${column} = '{"a'`);
    const mine = await world.ask(`GET /v2.1/servers/${id}`, { as: 'member' });
    expect(faultOf(mine)).toMatchObject({
      code: 409,
      message: `Instance ${id} cannot be read: its record in the database is damaged; it can be deleted.`,
    });
    const stranger = await world.ask(`GET /v2.1/servers/${id}`, { as: 'stranger' });
    expect(stranger.status).toBe(404);
    for (const path of [`/v2.1/servers/${id}`, `/novella/v1/servers/${id}/explain`]) {
      const answer = await world.ask(
        `GET ${path}`,
        path.startsWith('/novella') ? { version: '' } : {},
      );
      expect(answer.status).toBe(409);
      expect(faultOf(answer).message).toContain(`(${column}`.replace('(vif', '(vif of NIC'));
    }
    const list = await world.ask('GET /v2.1/servers/detail');
    expect(list).toMatchObject({ status: 200, body: { servers: [] } });
    const foreign = await world.ask(`DELETE /v2.1/servers/${id}`, { as: 'stranger' });
    expect(foreign.status).toBe(404);
    const gone = await world.ask(`DELETE /v2.1/servers/${id}`, { as: 'member' });
    expect(gone.status).toBe(204);
    expect(await world.store.tasks.of(id)).toMatchObject({ kind: 'delete' });
    expect(await world.store.servers.get(id)).toMatchObject({ taskState: 'deleting' });
  },
);

test('a damaged flavor is refused by name to administrators, does not exist for others, and can be deleted', async () => {
  await damage('flavors', `extra_specs = '{"a'`);
  const answer = await world.ask(`GET /v2.1/flavors/${flavorId}`);
  expect(answer.status).toBe(409);
  expect(faultOf(answer).message).toMatch(/^Flavor .* cannot be read: .* The reason: Unterminated/);
  expect((await world.ask(`GET /v2.1/flavors/${flavorId}`, { as: 'member' })).status).toBe(404);
  expect((await world.ask(`DELETE /v2.1/flavors/${flavorId}`)).status).toBe(202);
  expect((await world.ask(`GET /v2.1/flavors/${flavorId}`)).status).toBe(404);
  expect((await world.ask(`DELETE /v2.1/flavors/${flavorId}`)).status).toBe(404);
});

test('a server with a damaged decision or host result is explained without it', async () => {
  const { id } = await world.activeServer();
  const hostId = (await world.store.hosts.list())[0]?.id ?? '';
  const body = { do: 'spawn', guest: {} } as never;
  await world.store.commands.issue({ hostId, serverId: id, body });
  await world.store.commands.complete(hostId, 1, { ok: true, steps: [] }, { now: 5 });
  await damage('host_commands', `result = '{"a'`);
  const explained = await world.ask(`GET /novella/v1/servers/${id}/explain`, { version: '' });
  expect(explained).toMatchObject({ status: 200, body: { spawn_steps: [], domain_xml: null } });
  const last = await world.store.commands.last(id, 'spawn');
  expect(last?.result).toMatchObject({ ok: false });
});
