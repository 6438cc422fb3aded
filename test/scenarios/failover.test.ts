/** Direct ports with standbys, by the flavor or the port: through all that a server goes through. */
import { expect } from 'vitest';
import {
  flavorId,
  move,
  serverWithVfs,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const headers = { 'openstack-api-version': 'compute 2.86' };

async function setFailover(cloud: Cloud, value: string) {
  const path = `/flavors/${await flavorId(cloud, 'm1.small')}/os-extra_specs`;
  const body = { extra_specs: { 'hw:sriov_failover': value } };
  return cloud.send('compute', 'POST', path, { body, headers });
}

/** What is beside what in the guest, in order, and the steps of its last start. */
async function guestOf(cloud: Cloud, id: string) {
  const { domain_xml: xml, spawn_steps: steps } = await cloud.ok(
    'operator',
    'GET',
    `/servers/${id}/explain`,
  );
  const nics: string[] = xml.match(/<interface [\s\S]*?<\/interface>/g) ?? [];
  return {
    nics: nics.map((nic) => {
      const teaming = /<teaming type='(\w+)'/.exec(nic)?.[1];
      return [/type='(\w+)'/.exec(nic)?.[1], ...(teaming === undefined ? [] : [teaming])].join(' ');
    }),
    macs: nics.map((nic) => /<mac address='([^']+)'/.exec(nic)?.[1]),
    steps: steps.map(({ step }: { step: string }) => step),
  };
}

const withStandby = ['bridge persistent', 'hostdev transient'];

scenario(
  'a flavor gives the direct ports of its servers standbys, which stay through all moves',
  async (cloud, running) => {
    const refused = await setFailover(cloud, 'often');
    expect(refused.status).toBe(400);
    expect(refused.body.badRequest.message).toBe(
      "Validation failed; extra spec hw:sriov_failover: 'often' must be a boolean.",
    );
    expect((await setFailover(cloud, 'true')).status).toBe(200);
    const { id, from } = await serverWithVfs(cloud);
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    const begun = await guestOf(cloud, id);
    expect(begun.nics).toEqual([...withStandby, 'direct']);
    expect(begun.macs[0]).toBe(begun.macs[1]);
    expect(begun.steps).toContain('make-bridge');

    const live = { 'os-migrateLive': { host: to, block_migration: 'auto' } };
    const moved = await move(cloud, id, live, 'ACTIVE');
    expect(moved['OS-EXT-SRV-ATTR:host']).toBe(to);
    const arrived = await guestOf(cloud, id);
    expect(arrived).toMatchObject({ nics: begun.nics, macs: begun.macs });
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(await useOf(cloud, running, to)).toMatchObject(usedBy(id, { vfs: 2 }));

    await move(cloud, id, { suspend: null }, 'SUSPENDED');
    await move(cloud, id, { resume: null }, 'ACTIVE');
    await move(cloud, id, { migrate: null }, 'VERIFY_RESIZE');
    await move(cloud, id, { confirmResize: null }, 'ACTIVE');
    expect((await guestOf(cloud, id)).nics).toEqual(begun.nics);
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    await cloud.send('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
  },
  withHosts(2),
);

scenario(
  'a port decides for itself, is attached and detached with its standby, and refused where it can have none',
  async (cloud) => {
    const red = await cloud.network('red');
    const byProfile = (vnicType: string, value: unknown) =>
      cloud.port(red, vnicType, { 'binding:profile': { sriov_failover: value } });
    const id = await cloud.boot([{ port: await byProfile('direct', true) }]);
    await cloud.settled(id, 'ACTIVE');
    expect((await guestOf(cloud, id)).nics).toEqual(withStandby);

    const path = `/servers/${id}/os-interface`;
    const attach = (port: string) =>
      cloud.send('compute', 'POST', path, { body: { interfaceAttachment: { port_id: port } } });
    const late = await byProfile('direct', 'yes');
    expect((await attach(late)).status).toBe(200);
    await cloud.settled(id, 'ACTIVE');
    expect((await guestOf(cloud, id)).nics).toEqual([...withStandby, ...withStandby]);
    expect((await cloud.send('compute', 'DELETE', `${path}/${late}`)).status).toBe(202);
    await cloud.until(async () => ({
      done: (await guestOf(cloud, id)).nics.length === withStandby.length,
      value: undefined,
    }));

    await setFailover(cloud, 'true');
    const without = await cloud.boot([{ port: await byProfile('direct', false) }]);
    await cloud.settled(without, 'ACTIVE');
    expect((await guestOf(cloud, without)).nics).toEqual(['hostdev']);

    const macvtap = await byProfile('macvtap', true);
    const refused = await attach(macvtap);
    expect([refused.status, refused.body.badRequest.message]).toEqual([
      400,
      `interfaceAttachment.port_id: port ${macvtap}: binding:profile sriov_failover is true, which requires binding:vnic_type direct (it is macvtap)`,
    ]);
    expect((await attach(await byProfile('direct', 'often'))).status).toBe(400);
  },
  withHosts(2),
);
