/**
 * Servers move: to another size, another host, by their users and administrators. NICs keep their
 * MACs and VLANs, and each host holds exactly what its servers have.
 */
import { expect } from 'vitest';
import type { AllInOne } from '#programs/up/up.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import {
  act,
  bindingOf,
  flavorId,
  move,
  movesOf,
  serverWithVfs,
  setService,
  unused,
  usedBy,
  useOf,
  withHosts,
} from '#test/moves/move-verbs.ts';

/** A server with a direct and a macvtap port, and where it is. */
async function aServer(cloud: Cloud) {
  const { id, ports, from } = await serverWithVfs(cloud);
  const bound = await Promise.all(ports.map((port) => bindingOf(cloud, port)));
  return { id, ports, from, to: from === 'host-1' ? 'host-2' : 'host-1', bound };
}

type Moved = Awaited<ReturnType<typeof aServer>>;

/** The ports are on this host, with the MACs and VLANs that they had, and with devices of it. */
async function expectPorts(cloud: Cloud, { ports, bound, id }: Moved, host: string) {
  const { devices } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
  const held = devices.flatMap((device: { host: string; address: string }) =>
    device.host === host ? [device.address] : [],
  );
  const now = await Promise.all(ports.map((port) => bindingOf(cloud, port)));
  expect(now.map(({ slot }) => String(slot)).toSorted()).toEqual(held);
  for (const [at, port] of now.entries()) {
    const { mac, vif, vlan } = bound[at]!;
    expect(port).toMatchObject({ host, mac, vif, vlan });
  }
}

/** No second binding is left. */
async function expectOneBinding(cloud: Cloud, { ports }: Moved, host: string) {
  for (const port of ports) {
    expect((await bindingOf(cloud, port)).all).toEqual([`${host} ACTIVE`]);
  }
}

const vlansOf = ({ hosts }: AllInOne, host: string) =>
  hosts.onHost(host, async ({ pciBus, machine }) => {
    const functions = machine.functions.filter(({ parentAddress }) => parentAddress !== null);
    const states = await Promise.all(functions.map(({ address }) => pciBus.vfState(address)));
    return states.map(({ settings }) => settings.vlan);
  });

scenario(
  'a resize takes a server with its VFs to another host; its user confirms, and the old host is free',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id, from, to } = server;
    const flavorRef = await flavorId(cloud, 'm1.medium');
    const resized = await move(cloud, id, { resize: { flavorRef } }, 'VERIFY_RESIZE', 'ERROR');
    expect(resized).toMatchObject({ status: 'VERIFY_RESIZE', 'OS-EXT-SRV-ATTR:host': to });
    expect(resized.flavor.id).toBe(flavorRef);
    await expectPorts(cloud, server, to);
    // The old host keeps its hold until the confirmation.
    expect(await useOf(cloud, running, from)).toMatchObject({ vcpus: 1, holders: [id, id] });
    expect((await act(cloud, id, { resize: { flavorRef: '1' } })).status).toBe(409);
    expect((await act(cloud, id, { confirmResize: null })).status).toBe(204);
    await cloud.settled(id, 'ACTIVE');
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(await useOf(cloud, running, to)).toMatchObject({
      ...usedBy(id, { vfs: 2 }),
      ...{ vcpus: 2, disk: 40 },
    });
    await expectPorts(cloud, server, to);
    await expectOneBinding(cloud, server, to);
    expect(await movesOf(cloud, id)).toMatchObject([
      { status: 'confirmed', migration_type: 'resize', source_compute: from, dest_compute: to },
    ]);
    expect((await act(cloud, id, { confirmResize: null })).status).toBe(409);
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
  },
  withHosts(2),
);

scenario(
  'what does not change of a server’s files is fetched before it is shut down for a cold migration',
  async (cloud, running) => {
    const { id, from, to } = await aServer(cloud);
    const acts: string[] = [];
    const watched = new Set('shutDown prefetch fetch start'.split(' '));
    for (const host of [from, to]) {
      running.hosts.watchCalls(host, ({ act: call }, when) => {
        if (watched.has(call)) acts.push(`${host === from ? 'old' : 'new'} host: ${call} ${when}`);
      });
    }
    await move(cloud, id, { migrate: { host: to } }, 'VERIFY_RESIZE');
    const whole = (call: string) => ['before', 'after'].map((when) => `${call} ${when}`);
    expect(acts).toEqual([
      ...whole('new host: prefetch'),
      ...whole('old host: shutDown'),
      ...whole('new host: fetch'),
      ...whole('new host: start'),
    ]);
    await move(cloud, id, { confirmResize: null }, 'ACTIVE');
    acts.length = 0;
    // One that is off leaves at once.
    await move(cloud, id, { 'os-stop': null }, 'SHUTOFF');
    await move(cloud, id, { migrate: { host: from } }, 'VERIFY_RESIZE');
    expect(acts.filter((call) => call.includes('fetch'))).toEqual(whole('old host: fetch'));
  },
  withHosts(2),
);

scenario(
  'a resize is reverted: the server runs on its old host with its devices, and the new one is free',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id, from, to } = server;
    const before = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    const flavorRef = await flavorId(cloud, 'm1.medium');
    await move(cloud, id, { resize: { flavorRef } }, 'VERIFY_RESIZE');
    const reverted = await move(cloud, id, { revertResize: null }, 'ACTIVE', 'ERROR');
    expect(reverted).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': from });
    expect(reverted.flavor.id).toBe(await flavorId(cloud, 'm1.small'));
    const after = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect(after.devices).toEqual(before.devices);
    expect(after.pci_requests).toEqual(before.pci_requests);
    expect(before.spawn_steps.length).toBeGreaterThan(0);
    // Those of its start after the move back, not of its boot.
    expect(after.spawn_steps).not.toEqual(before.spawn_steps);
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    await expectPorts(cloud, server, from);
    await expectOneBinding(cloud, server, from);
    expect(await vlansOf(running, to)).not.toContain(42);
    await move(cloud, id, { reboot: { type: 'HARD' } }, 'ACTIVE');
  },
  withHosts(2),
);

scenario(
  'a cloud of one host resizes a server there, with both sizes booked until it is confirmed or reverted',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id } = server;
    const flavorRef = await flavorId(cloud, 'm1.medium');
    const use = () => useOf(cloud, running, 'host-1');
    for (const [body, status] of [
      [{ revertResize: null }, 202],
      [{ confirmResize: null }, 204],
    ] as const) {
      await move(cloud, id, { resize: { flavorRef } }, 'VERIFY_RESIZE');
      expect(await use()).toMatchObject({ vcpus: 3, disk: 60, holders: [id, id, id, id] });
      await expectPortsOnOneSide(cloud, server);
      expect((await act(cloud, id, body)).status).toBe(status);
      await cloud.settled(id, 'ACTIVE');
      const isBack = 'revertResize' in body;
      expect(await use()).toMatchObject({
        ...usedBy(id, { vfs: 2 }),
        ...(!isBack && { vcpus: 2, disk: 40 }),
      });
      await expectPorts(cloud, server, 'host-1');
      await expectOneBinding(cloud, server, 'host-1');
    }
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await use()).toMatchObject(unused);
  },
  withHosts(1),
);

/** The ports have two of the four devices that the server holds. */
async function expectPortsOnOneSide(cloud: Cloud, { ports, id }: Moved) {
  const { devices } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
  const held = devices.map(({ address }: { address: string }) => address);
  const slots = await Promise.all(ports.map(async (port) => (await bindingOf(cloud, port)).slot));
  expect(held).toEqual(expect.arrayContaining(slots));
  expect(new Set(slots).size).toBe(2);
}

scenario(
  'a stopped server is migrated and stays off, also when that is reverted; it starts where it is',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id, from, to } = server;
    await move(cloud, id, { 'os-stop': null }, 'SHUTOFF');
    await move(cloud, id, { migrate: null }, 'VERIFY_RESIZE');
    expect((await useOf(cloud, running, to)).guests).toEqual([`${id} shutOff`]);
    await move(cloud, id, { revertResize: null }, 'SHUTOFF');
    expect(await useOf(cloud, running, from)).toMatchObject(
      usedBy(id, { vfs: 2, state: 'shutOff' }),
    );
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    await move(cloud, id, { migrate: { host: to } }, 'VERIFY_RESIZE');
    await act(cloud, id, { confirmResize: null });
    await cloud.settled(id, 'SHUTOFF');
    await move(cloud, id, { 'os-start': null }, 'ACTIVE');
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(await useOf(cloud, running, to)).toMatchObject(usedBy(id, { vfs: 2 }));
    await expectPorts(cloud, server, to);
    await expectOneBinding(cloud, server, to);
  },
  withHosts(2),
);

scenario(
  'a live migration takes a running server, and a paused one, to the other host',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id, from, to } = server;
    const live = (host: string | null) => ({
      'os-migrateLive': { host, block_migration: 'auto' },
    });
    expect((await act(cloud, id, live(from))).status).toBe(400);
    expect((await act(cloud, id, live('elsewhere'))).status).toBe(400);
    const moved = await move(cloud, id, live(null), 'ACTIVE', 'ERROR');
    expect(moved).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': to });
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(await useOf(cloud, running, to)).toMatchObject(usedBy(id, { vfs: 2 }));
    await expectPorts(cloud, server, to);
    await expectOneBinding(cloud, server, to);
    await move(cloud, id, { pause: null }, 'PAUSED');
    await move(cloud, id, live(from), 'PAUSED', 'ERROR');
    expect(await useOf(cloud, running, from)).toMatchObject(
      usedBy(id, { vfs: 2, state: 'paused' }),
    );
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    await expectPorts(cloud, server, from);
    expect(await movesOf(cloud, id)).toMatchObject([
      { status: 'completed', migration_type: 'live-migration' },
      { status: 'completed', migration_type: 'live-migration' },
    ]);
  },
  withHosts(2),
);

scenario(
  'a server is evacuated from a lost host, which removes the guest when it returns, and only then frees its devices',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id, from, to } = server;
    expect((await act(cloud, id, { evacuate: {} })).status).toBe(400);
    running.hosts.kill(from);
    await setService(cloud, from, { forced_down: true });
    const moved = await move(cloud, id, { evacuate: {} }, 'ACTIVE', 'ERROR');
    expect(moved).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': to });
    await expectPorts(cloud, server, to);
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await useOf(cloud, running, to)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await movesOf(cloud, id)).toMatchObject([{ status: 'done' }]);
    // Its devices are free only after the guest is gone.
    const seen: string[][] = [];
    await running.hosts.start(from);
    running.hosts.watchCalls(from, ({ act: call }, when) => {
      if (call === 'undefine') seen.push([when]);
    });
    await setService(cloud, from, { forced_down: false });
    await cloud.until(async () => {
      const use = await useOf(cloud, running, from);
      expect(use.guests.length).toBeLessThanOrEqual(use.holders.length);
      return { done: use.vcpus === 0, value: use };
    });
    expect(seen).not.toEqual([]);
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
    expect(await movesOf(cloud, id)).toMatchObject([{ status: 'completed' }]);
    await expectPorts(cloud, server, to);
    await expectOneBinding(cloud, server, to);
    // The old host can have it again.
    await move(cloud, id, { migrate: null }, 'VERIFY_RESIZE');
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
  },
  withHosts(2),
);

scenario(
  'a server is deleted while it waits for a confirmation: both hosts are free',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id } = server;
    await move(cloud, id, { migrate: null }, 'VERIFY_RESIZE');
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    for (const host of ['host-1', 'host-2']) {
      expect(await useOf(cloud, running, host)).toMatchObject(unused);
    }
    for (const port of server.ports) {
      expect(await cloud.showPort(port)).toMatchObject({ device_id: '', 'binding:host_id': '' });
    }
    expect(await movesOf(cloud, id)).toMatchObject([{ status: 'confirmed' }]);
  },
  withHosts(2),
);

scenario(
  'an evacuation without another host: ERROR names no host to its user, and the deletion removes the guest from the lost host',
  async (cloud, running) => {
    const demo = await cloud.as('novella-demo');
    const id = await demo.boot([]);
    const { 'OS-EXT-SRV-ATTR:host': from } = await cloud.settled(id, 'ACTIVE');
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    running.hosts.kill(from);
    await setService(cloud, from, { forced_down: true });
    running.hosts.setFault(to, 'permission-denied');
    for (const body of [{ evacuate: {} }, { migrate: null }]) {
      expect((await act(demo, id, body)).status).toBe(403);
    }
    await act(cloud, id, { evacuate: {} });
    const failed = await cloud.settled(id, 'ACTIVE', 'ERROR');
    expect(failed['OS-EXT-SRV-ATTR:host']).toBe(from);
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    const shown = await demo.ok('compute', 'GET', `/servers/${id}`);
    expect(JSON.stringify(shown)).not.toMatch(/host-[12]"|host-[12] /);
    expect(await movesOf(cloud, id)).toMatchObject([{ status: 'error' }]);
    await cloud.ok('compute', 'DELETE', `/servers/${id}`);
    await cloud.gone(id);
    expect(await useOf(cloud, running, from)).toMatchObject({ vcpus: 1 });
    await running.hosts.start(from);
    await setService(cloud, from, { forced_down: false });
    await cloud.until(async () => {
      const use = await useOf(cloud, running, from);
      return { done: use.vcpus === 0, value: use };
    });
    expect(await useOf(cloud, running, from)).toMatchObject(unused);
  },
  withHosts(2),
);

scenario(
  'a server whose state was reset before its confirmation: what a revert could not take back is refused',
  async (cloud, running) => {
    const server = await aServer(cloud);
    const { id, from, to, ports } = server;
    const spare = await cloud.port((await cloud.showPort(ports[0]!)).network_id, 'direct');
    const flavorRef = await flavorId(cloud, 'm1.medium');
    await move(cloud, id, { resize: { flavorRef } }, 'VERIFY_RESIZE');
    await move(cloud, id, { 'os-resetState': { state: 'active' } }, 'ACTIVE');
    const imageRef = (await cloud.ok('compute', 'GET', `/servers/${id}`)).server.image.id;
    const refused = [
      ...[{ resize: { flavorRef: '1' } }, { migrate: null }, { shelve: null }, { rescue: null }],
      ...[{ rebuild: { imageRef } }, { reboot: { type: 'HARD' } }],
    ];
    for (const body of refused) {
      const reply = await act(cloud, id, body);
      expect({ body, status: reply.status }).toEqual({ body, status: 409 });
      expect(reply.body.conflictingRequest.message).toMatch(
        /^Cannot '\w+' instance \S+: its resize has not ended; confirm or revert it first$/,
      );
    }
    const interfaces = `/servers/${id}/os-interface`;
    const attachment = { body: { interfaceAttachment: { port_id: spare } } };
    expect((await cloud.send('compute', 'POST', interfaces, attachment)).status).toBe(409);
    expect((await cloud.send('compute', 'DELETE', `${interfaces}/${ports[0]}`)).status).toBe(409);
    expect(await cloud.showPort(spare)).toMatchObject({ device_id: '' });
    await move(cloud, id, { revertResize: null }, 'ACTIVE');
    expect(await useOf(cloud, running, from)).toMatchObject(usedBy(id, { vfs: 2 }));
    expect(await useOf(cloud, running, to)).toMatchObject(unused);
    await expectPorts(cloud, server, from);
    await cloud.ok('compute', 'POST', interfaces, attachment.body);
  },
  withHosts(2),
);
