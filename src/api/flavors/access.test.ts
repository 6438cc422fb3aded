/** Private flavors: for the projects that have access, and for administrators. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  aComputeWorld,
  type ComputeWorld,
  faultOf,
  imageId,
  otherProjectId,
  projectId,
} from '#test/worlds/compute-world.ts';
import { aFlavor } from '#test/worlds/store-rows.ts';

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
  await world.store.flavors.create(
    aFlavor({ id: 'p', name: 'private', isPublic: false, extraSpecs: {} }),
  );
});
afterEach(() => world.stop());

const act = (action: string, body: object = { tenant: otherProjectId }, as = 'admin') =>
  world.ask('POST /v2.1/flavors/p/action', { as, body: { [action]: body } });
const seen = async (as: string) => {
  const { body } = await world.ask('GET /v2.1/flavors?is_public=None', { as });
  const listed = body.flavors.some(({ id }: { id: string }) => id === 'p');
  const server = { name: 's', flavorRef: 'p', imageRef: imageId, networks: 'none' };
  return {
    listed,
    shown: (await world.ask('GET /v2.1/flavors/p', { as })).status,
    specs: (await world.ask('GET /v2.1/flavors/p/os-extra_specs', { as })).status,
    boots: (await world.ask('POST /v2.1/servers', { as, body: { server } })).status,
  };
};
const all = { listed: true, shown: 200, specs: 200, boots: 202 };
const nothing = { listed: false, shown: 404, specs: 404, boots: 400 };

test('a private flavor exists for administrators and for projects with access, and for no others', async () => {
  expect(await seen('admin')).toEqual(all);
  expect(await seen('stranger')).toEqual(nothing);
  const { status, body } = await act('addTenantAccess');
  expect(status).toBe(200);
  expect(body).toEqual({ flavor_access: [{ flavor_id: 'p', tenant_id: otherProjectId }] });
  expect(await seen('stranger')).toEqual(all);
  expect(await seen('member')).toEqual(nothing);
  expect((await world.ask('GET /v2.1/flavors/p/os-flavor-access')).body).toEqual(body);
  expect((await act('removeTenantAccess')).body).toEqual({ flavor_access: [] });
  expect(await seen('stranger')).toEqual(nothing);
});

test('a flavor that is created again under the same id has none of the earlier access', async () => {
  await act('addTenantAccess');
  await world.store.flavors.remove('p');
  await world.store.flavors.create(aFlavor({ id: 'p', name: 'again', isPublic: false }));
  expect(await world.store.flavorAccess.projects('p')).toEqual([]);
});

test.each(['1', 'True', 'None', 'False', 'nonsense'])(
  'is_public=%s shows a member the public flavors and its own private ones, no others',
  async (given) => {
    const listed = async (as: string) => {
      const { body } = await world.ask(`GET /v2.1/flavors/detail?is_public=${given}`, { as });
      return body.flavors.map(({ name }: { name: string }) => name);
    };
    await act('addTenantAccess');
    expect(await listed('member')).toEqual(['m1.sriov']);
    expect(await listed('stranger')).toEqual(['m1.sriov', 'private']);
  },
);

test('an administrator filters by is_public; nonsense is refused', async () => {
  const admins = (given: string) => world.ask(`GET /v2.1/flavors?is_public=${given}`);
  expect((await admins('None')).body.flavors).toHaveLength(2);
  expect((await admins('0')).body.flavors).toMatchObject([{ id: 'p' }]);
  expect((await admins('nonsense')).status).toBe(400);
  expect((await admins('True')).body.flavors).toHaveLength(1);
  await act('addTenantAccess', { tenant: projectId });
  expect((await admins('True')).body.flavors).toHaveLength(2);
});

test('access that cannot be granted or revoked is refused', async () => {
  expect(faultOf(await act('removeTenantAccess'))).toMatchObject({
    code: 404,
    message: `Flavor access not found for p / ${otherProjectId} combination.`,
  });
  await act('addTenantAccess');
  expect(faultOf(await act('addTenantAccess'))).toMatchObject({ code: 409 });
  expect(faultOf(await act('addTenantAccess', {}))).toMatchObject({ code: 400 });
  expect(faultOf(await act('addTenantAccess', undefined, 'member'))).toMatchObject({ code: 403 });
  await world.store.flavors.create(aFlavor({ id: 'q', name: 'public' }));
  const onPublic = { body: { addTenantAccess: { tenant: 'x' } } };
  const grantPublic = (version: string) =>
    world.ask('POST /v2.1/flavors/q/action', { ...onPublic, version });
  expect(faultOf(await grantPublic('2.79')).code).toBe(409);
  expect(faultOf(await grantPublic('2.7')).code).toBe(409);
  expect((await grantPublic('2.6')).body).toEqual({
    flavor_access: [{ flavor_id: 'q', tenant_id: 'x' }],
  });
  expect(faultOf(await world.ask('GET /v2.1/flavors/q/os-flavor-access')).code).toBe(404);
});
