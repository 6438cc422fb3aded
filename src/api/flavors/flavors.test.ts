/** Flavors and their extra specs over the API. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf, flavorId } from '#test/worlds/compute-world.ts';
import { aFlavor } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

test('a flavor has the fields of its microversion', async () => {
  const at = async (version: string) =>
    (await world.ask(`GET /v2.1/flavors/${flavorId}`, { version })).body.flavor;
  expect(await at('2.54')).toMatchObject({ name: 'm1.sriov', ram: 512, vcpus: 1, swap: '' });
  expect(await at('2.54')).not.toHaveProperty('description');
  expect(await at('2.60')).toHaveProperty('description', null);
  expect(await at('2.60')).not.toHaveProperty('extra_specs');
  expect(await at('2.61')).toHaveProperty('extra_specs', {});
  expect(await at('2.74')).toHaveProperty('swap', '');
  expect(await at('2.75')).toHaveProperty('swap', 0);
});

test('numbers are accepted as text, ids as numbers, booleans as text; the reply has real ones', async () => {
  const { status, body } = await world.ask('POST /v2.1/flavors', {
    body: {
      flavor: {
        name: 'big',
        id: 7,
        ram: '4096',
        vcpus: '4',
        disk: 10,
        rxtx_factor: '1.5',
        'os-flavor-access:is_public': 'False',
        description: 'large',
      },
    },
  });
  expect(status).toBe(200);
  expect(body.flavor).toMatchObject({
    id: '7',
    ram: 4096,
    vcpus: 4,
    rxtx_factor: 1.5,
    'os-flavor-access:is_public': false,
    description: 'large',
  });
});

const requested = { name: 'x', ram: 1, vcpus: 1, disk: 0 };

test.each([
  {
    name: 'no memory',
    given: { ...requested, ram: 0 },
    status: 400,
    expected: 'flavor.ram. Value: 0',
  },
  {
    name: 'a text instead of a number',
    given: { ...requested, vcpus: 'two' },
    status: 400,
    expected: 'vcpus',
  },
  { name: 'a taken id', given: { ...requested, id: flavorId }, status: 409, expected: flavorId },
  {
    name: 'a taken name',
    given: { ...requested, name: 'm1.sriov' },
    status: 409,
    expected: 'm1.sriov',
  },
  { name: 'an unknown key', given: { ...requested, cores: 1 }, status: 400, expected: "'cores'" },
  { name: 'a bad id', given: { ...requested, id: 'a/b' }, status: 400, expected: 'flavor.id' },
])('a new flavor with $name is refused', async ({ given, status, expected }) => {
  const answer = await world.ask('POST /v2.1/flavors', { body: { flavor: given } });
  expect(answer.status).toBe(status);
  expect(faultOf(answer).message).toContain(expected);
});

test('only administrators create flavors', async () => {
  const answer = await world.ask('POST /v2.1/flavors', {
    as: 'member',
    body: { flavor: requested },
  });
  expect(answer.status).toBe(403);
});

test.each([
  { as: 'admin', query: '', gives: ['m1.sriov'] },
  { as: 'admin', query: '?is_public=None', gives: ['m1.sriov', 'private'] },
  { as: 'admin', query: '?is_public=False', gives: ['private'] },
  { as: 'member', query: '?is_public=None', gives: ['m1.sriov'] },
  { as: 'admin', query: '?is_public=None&minRam=1000', gives: ['private'] },
  {
    as: 'admin',
    query: '?is_public=None&sort_key=memory_mb&sort_dir=desc',
    gives: ['private', 'm1.sriov'],
  },
])('flavors for $as with "$query"', async ({ as, query, gives }) => {
  await world.store.flavors.create(
    aFlavor({ id: 'zz', name: 'private', isPublic: false, memoryMib: 2048 }),
  );
  const { body } = await world.ask(`GET /v2.1/flavors${query}`, { as });
  expect(body.flavors.map(({ name }: { name: string }) => name)).toEqual(gives);
});

test('a private flavor does not exist for others', async () => {
  await world.store.flavors.create(aFlavor({ id: 'p', name: 'private', isPublic: false }));
  expect((await world.ask('GET /v2.1/flavors/p', { as: 'member' })).status).toBe(404);
  expect((await world.ask('GET /v2.1/flavors/p')).status).toBe(200);
});

test('a deleted flavor is not found', async () => {
  expect((await world.ask(`DELETE /v2.1/flavors/${flavorId}`)).status).toBe(202);
  const answer = await world.ask(`GET /v2.1/flavors/${flavorId}`);
  expect(faultOf(answer)).toMatchObject({
    name: 'itemNotFound',
    message: `Flavor ${flavorId} could not be found.`,
  });
});

test('the description can be changed from 2.55 on', async () => {
  const change = { body: { flavor: { description: 'small' } } };
  const early = await world.ask(`PUT /v2.1/flavors/${flavorId}`, { ...change, version: '2.54' });
  expect(early.status).toBe(404);
  const { body } = await world.ask(`PUT /v2.1/flavors/${flavorId}`, { ...change, version: '2.55' });
  expect(body.flavor.description).toBe('small');
});

test('extra specs are added, changed, shown and removed by key', async () => {
  const path = `/v2.1/flavors/${flavorId}/os-extra_specs`;
  const added = { 'pci_passthrough:alias': 'gpu:1', 'hw:numa_nodes': 1 };
  const made = await world.ask(`POST ${path}`, { body: { extra_specs: added } });
  expect(made.body.extra_specs).toEqual({ ...added, 'hw:numa_nodes': '1' });
  const set = await world.ask(`PUT ${path}/hw:numa_nodes`, { body: { 'hw:numa_nodes': '2' } });
  expect(set.body).toEqual({ 'hw:numa_nodes': '2' });
  expect((await world.ask(`PUT ${path}/a`, { body: { b: '2' } })).status).toBe(400);
  const shown = await world.ask(`GET ${path}/hw:numa_nodes`, { as: 'member' });
  expect(shown.body).toEqual({ 'hw:numa_nodes': '2' });
  expect((await world.ask(`DELETE ${path}/hw:numa_nodes`)).status).toBe(200);
  expect((await world.ask(`DELETE ${path}/hw:numa_nodes`)).status).toBe(404);
  expect((await world.ask(`GET ${path}`)).body).toEqual({
    extra_specs: { 'pci_passthrough:alias': 'gpu:1' },
  });
});

test.each(['gpu', 'gpu:0', 'gpu:', 'gpu:-1', 'gpu:257', 'gpu:1,qat:0', 'gpu:1e2', ''])(
  'devices requested as "%s" are refused when they are stored',
  async (text) => {
    const path = `/v2.1/flavors/${flavorId}/os-extra_specs`;
    const extra_specs = { 'hw:numa_nodes': '1', 'pci_passthrough:alias': text };
    const posted = await world.ask(`POST ${path}`, { body: { extra_specs } });
    expect(posted.status).toBe(400);
    expect(posted.body.badRequest.message).toContain(`pci_passthrough:alias "${text}"`);
    const body = { 'pci_passthrough:alias': text };
    expect((await world.ask(`PUT ${path}/pci_passthrough:alias`, { body })).status).toBe(400);
    expect((await world.ask(`GET ${path}`)).body.extra_specs).not.toHaveProperty(
      'pci_passthrough:alias',
    );
  },
);

test('names and values of extra specs are checked from 2.86 on', async () => {
  const path = `/v2.1/flavors/${flavorId}/os-extra_specs`;
  const post = (extra_specs: object, version: string) =>
    world.ask(`POST ${path}`, { body: { extra_specs }, version });
  const put = (key: string, value: string, version: string) =>
    world.ask(`PUT ${path}/${key}`, { body: { [key]: value }, version });
  expect((await post({ 'hw:cpu_policy': 'always' }, '2.85')).status).toBe(200);
  const refused = await post({ 'hw:cpu_policy': 'always', free: 'x' }, '2.86');
  expect(faultOf(refused)).toMatchObject({
    name: 'badRequest',
    message:
      "Validation failed; extra spec hw:cpu_policy: 'always' must be one of dedicated, shared, mixed.",
  });
  expect((await put('hw:cpu_polic', 'x', '2.86')).status).toBe(400);
  expect((await put('hw:cpu_polic', 'x', '2.85')).status).toBe(200);
  expect((await put('hw:numa_nodes', '0', '2.86')).status).toBe(400);
  expect((await post({ 'hw:numa_nodes': 2, 'my:own': 'x' }, '2.86')).status).toBe(200);
  expect((await world.ask(`DELETE ${path}/hw:cpu_polic`, { version: '2.96' })).status).toBe(200);
});

test('several devices, and names with blanks, are stored', async () => {
  const path = `/v2.1/flavors/${flavorId}/os-extra_specs`;
  const extra_specs = { 'pci_passthrough:alias': 'gpu:2, my card:1' };
  expect((await world.ask(`POST ${path}`, { body: { extra_specs } })).status).toBe(200);
});
