/** Actions on servers that are not about power: lock, reset of the state, forced deletion. */
import { expect } from 'vitest';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const act = (cloud: Cloud, id: string, body: object) =>
  cloud.send('compute', 'POST', `/servers/${id}/action`, {
    body,
    headers: { 'openstack-api-version': 'compute 2.96' },
  });

const show = async (cloud: Cloud, id: string) =>
  (
    await cloud.send('compute', 'GET', `/servers/${id}`, {
      headers: { 'openstack-api-version': 'compute 2.96' },
    })
  ).body.server;

scenario(
  'a locked server cannot be changed by its user, but by an administrator',
  async (cloud) => {
    const demo = await cloud.as('novella-demo');
    const id = await demo.boot([]);
    await demo.settled(id, 'ACTIVE');
    expect(await act(demo, id, { lock: { locked_reason: 'billing' } })).toMatchObject({
      status: 202,
    });
    expect(await show(demo, id)).toMatchObject({ locked: true, locked_reason: 'billing' });
    for (const body of [{ 'os-stop': null }, { forceDelete: null }, { lock: { colour: 1 } }]) {
      expect((await act(demo, id, body)).status).toBe('lock' in body ? 400 : 409);
    }
    const refused = await demo.send('compute', 'DELETE', `/servers/${id}`);
    expect(refused.body.conflictingRequest.message).toBe(`Instance ${id} is locked`);
    expect(await act(cloud, id, { 'os-stop': null })).toMatchObject({ status: 202 });
    await demo.settled(id, 'SHUTOFF');
    expect(await act(cloud, id, { lock: null })).toMatchObject({ status: 202 });
    expect((await act(demo, id, { unlock: null })).status).toBe(403);
    expect(await act(cloud, id, { unlock: null })).toMatchObject({ status: 202 });
    expect(await show(demo, id)).toMatchObject({ locked: false, locked_reason: null });
    expect(await act(demo, id, { forceDelete: null })).toMatchObject({ status: 202 });
    await demo.gone(id);
  },
);

scenario('an administrator resets the state of a server', async (cloud) => {
  const id = await cloud.boot([]);
  await cloud.settled(id, 'ACTIVE');
  expect(await act(cloud, id, { 'os-resetState': { state: 'error' } })).toMatchObject({
    status: 202,
  });
  await cloud.settled(id, 'ERROR');
  expect(await act(cloud, id, { reboot: { type: 'HARD' } })).toMatchObject({ status: 202 });
  await cloud.settled(id, 'ACTIVE');
  const { instanceActions } = await cloud.ok(
    'compute',
    'GET',
    `/servers/${id}/os-instance-actions`,
  );
  expect(instanceActions.map(({ action }: { action: string }) => action)).toEqual([
    'reboot',
    'resetState',
    'create',
  ]);
});

scenario('a crash dump is triggered, and the guest is described', async (cloud) => {
  const id = await cloud.boot([]);
  await cloud.settled(id, 'ACTIVE');
  expect(await act(cloud, id, { trigger_crash_dump: null })).toMatchObject({ status: 202 });
  await cloud.until(async () => {
    const list = await cloud.ok('compute', 'GET', `/servers/${id}/os-instance-actions`);
    const [newest] = list.instanceActions;
    const { instanceAction } = await cloud.ok(
      'compute',
      'GET',
      `/servers/${id}/os-instance-actions/${newest.request_id}`,
    );
    const [event] = instanceAction.events;
    return { done: event?.result === 'Success', value: newest };
  });
  const headers = { 'openstack-api-version': 'compute 2.79' };
  const described = await cloud.send('compute', 'GET', `/servers/${id}/diagnostics`, { headers });
  expect(described).toMatchObject({
    status: 200,
    body: { state: 'running', num_nics: 0, cpu_details: [{ id: 0, time: 0 }] },
  });
  const topology = await cloud.send('compute', 'GET', `/servers/${id}/topology`, { headers });
  expect(topology.body).toEqual({ nodes: [], pagesize_kb: null });
});
