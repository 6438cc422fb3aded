/**
 * A live migration names its way for each NIC before the guest is touched; devices that their
 * hypervisor can send stay plugged.
 */
import { expect } from 'vitest';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import {
  act,
  bindingOf,
  move,
  movesOf,
  serverWithVfs,
  unused,
  useOf,
  usedBy,
  withHosts,
} from '#test/moves/move-verbs.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';

const headers = { 'openstack-api-version': 'compute 2.84' };
const anywhere = { 'os-migrateLive': { host: null, block_migration: 'auto' } };
const live = (host: string) => ({ 'os-migrateLive': { host, block_migration: 'auto' } });

const specOf = (more: string) => ({
  text: `{"vendor_id": "15b3", "product_id": "1018", "physical_network": "physnet1"${more}}`,
  source: 'test',
});

/** These hosts, with this text added to the device specs of those that are named. */
const withSpecs =
  (count: number, more: string, names: readonly string[]) =>
  (config: Config): Config => {
    const { simulated, ...rest } = withHosts(count)(config);
    if (simulated?.kind !== 'described') throw new Error('hosts are described');
    const hosts = simulated.hosts.map((host) => ({
      ...host,
      deviceSpec: [specOf(names.includes(host.name) ? more : '')],
    }));
    return { ...rest, simulated: { kind: 'described', hosts } };
  };

/** The event of the newest live migration, as administrators read it. */
async function plan(cloud: Cloud, id: string) {
  const path = `/servers/${id}/os-instance-actions`;
  const { instanceActions } = await cloud.ok('compute', 'GET', path);
  const { request_id: request } = instanceActions.find(
    ({ action }: { action: string }) => action === 'live-migration',
  );
  const shown = await cloud.send('compute', 'GET', `${path}/${request}`, { headers });
  const { events } = shown.body.instanceAction;
  return events.find(({ event }: { event: string }) => event === 'plan_move');
}

/** The calls of a host by which a NIC is unplugged or plugged. */
function plugging({ hosts }: AllInOne, host: string): string[] {
  const calls: string[] = [];
  hosts.watchCalls(host, ({ act: call }, when) => {
    if (when === 'before' && /^(attach|detach)Nic$/.test(call)) calls.push(call);
  });
  return calls;
}

scenario(
  'the way of each NIC and the servers that lose their connection are recorded before',
  async (cloud, running) => {
    const { id, ports, from } = await serverWithVfs(cloud);
    const to = from === 'host-1' ? 'host-2' : 'host-1';
    const { network_id: red } = await cloud.showPort(ports[1]!);
    const port = await cloud.port(red, 'macvtap');
    const peer = await cloud.boot([{ port }], { availability_zone: `nova:${to}` });
    const { name } = await cloud.settled(peer, 'ACTIVE');
    await move(cloud, id, anywhere, 'ACTIVE');
    const own = [
      'Its processors pause once, usually for about a second; no packet is answered meanwhile.',
      `Port ${ports[0]} is unplugged before the memory is sent, and plugged in again on the new host: no network by it in between; the guest then configures it again.`,
      `Port ${ports[1]} stays connected but for that pause.`,
    ].join('\n');
    const { details, result, host, traceback } = await plan(cloud, id);
    const explained = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
    expect(explained.live_move.plan).toEqual(details.split('\n'));
    expect({ result, host, traceback }).toEqual({ result: 'Success', host: to, traceback: null });
    expect(details).toBe(
      `${own}\nOn the new host ${to}: until the server runs there, servers on PF ${await pfOf(running, to)} do not reach it by port ${ports[1]}: ${name} (${peer}).`,
    );
  },
  withHosts(2),
);

async function pfOf({ hosts }: AllInOne, host: string): Promise<string> {
  return hosts.onHost(host, async ({ machine }) => {
    const pf = machine.functions.find(({ deviceType }) => deviceType === 'type-PF');
    return pf?.ifname ?? '';
  });
}

scenario(
  'a guest that does not release its VF in time stays on its host with it, and moves later',
  async (cloud, running) => {
    const red = await cloud.network('red');
    for (const profile of [{}, { 'binding:profile': { sriov_failover: true } }]) {
      const port = await cloud.port(red, 'direct', profile);
      const id = await cloud.boot([{ port }], { availability_zone: 'nova:host-1' });
      await cloud.settled(id, 'ACTIVE');
      const before = await useOf(cloud, running, 'host-1');
      const bound = await bindingOf(cloud, port);
      running.hosts.setFault('host-1', 'stuck-vfs');
      const stayed = await move(cloud, id, anywhere, 'ACTIVE');
      expect(stayed['OS-EXT-SRV-ATTR:host']).toBe('host-1');
      const path = `/servers/${id}/os-instance-actions`;
      const { instanceActions } = await cloud.ok('compute', 'GET', path);
      expect(instanceActions[0].message).toMatch(
        /^guest \S+ did not release .+ within 60 s: its operating system must be running and support hot unplug$/,
      );
      expect((await movesOf(cloud, id))[0]).toMatchObject({ status: 'error' });
      expect(await useOf(cloud, running, 'host-1')).toEqual(before);
      expect(await useOf(cloud, running, 'host-2')).toMatchObject(unused);
      expect(await bindingOf(cloud, port)).toEqual(bound);
      running.hosts.setFault('host-1', 'stuck-vfs', false);
      const moved = await move(cloud, id, anywhere, 'ACTIVE');
      expect(moved['OS-EXT-SRV-ATTR:host']).toBe('host-2');
      await cloud.ok('compute', 'DELETE', `/servers/${id}`);
      await cloud.gone(id);
    }
  },
  withHosts(2),
);

const migratable = ', "live_migratable": "yes"';

scenario(
  'a direct VF whose device spec has live_migratable is not unplugged, and moves to such a device only',
  async (cloud, running) => {
    const red = await cloud.network('red');
    const port = await cloud.port(red, 'direct');
    const id = await cloud.boot([{ port }], { availability_zone: 'nova:host-1' });
    await cloud.settled(id, 'ACTIVE');
    const calls = ['host-1', 'host-3'].map((host) => plugging(running, host));
    const server = await move(cloud, id, anywhere, 'ACTIVE');
    expect(server['OS-EXT-SRV-ATTR:host']).toBe('host-3');
    expect(calls).toEqual([[], []]);
    expect((await plan(cloud, id)).details).toContain(
      `Port ${port} keeps its device, whose state is sent with the memory.`,
    );
    expect(await useOf(cloud, running, 'host-3')).toMatchObject(usedBy(id, { vfs: 1 }));
    expect(await bindingOf(cloud, port)).toMatchObject({ host: 'host-3', vlan: '42' });
    const refused = await act(cloud, id, live('host-2'));
    expect(refused.status).toBe(400);
    expect(refused.body.badRequest.message).toMatch(/No valid host was found\. host-2: pci: /);
    // A cold migration needs no such device.
    await move(cloud, id, { migrate: { host: 'host-2' } }, 'VERIFY_RESIZE');
    await move(cloud, id, { confirmResize: null }, 'ACTIVE');
    // From here its VF is unplugged, whatever the new device is.
    const unplugged = plugging(running, 'host-2');
    await move(cloud, id, live('host-1'), 'ACTIVE');
    expect(unplugged).toEqual(['detachNic']);
    expect(await useOf(cloud, running, 'host-1')).toMatchObject(usedBy(id, { vfs: 1 }));
  },
  withSpecs(3, migratable, ['host-1', 'host-3']),
);

scenario(
  'a host that cannot take the server is refused at once, with the reason and the hosts that can',
  async (cloud) => {
    const { id, from } = await serverWithVfs(cloud);
    expect(from).toBe('host-1');
    const refused = async (host: string) => {
      const messages = await Promise.all(
        [live(host), { migrate: { host } }].map(async (body) => {
          const reply = await act(cloud, id, body);
          expect(reply.status).toBe(400);
          return reply.body.badRequest.message;
        }),
      );
      expect(messages[0]).toBe(messages[1]);
      return messages[0];
    };
    const can = 'hosts that can: host-2, host-3';
    expect(await refused('nohost')).toBe(`Compute host nohost could not be found; ${can}`);
    expect(await refused('host-1')).toBe(
      `host: the server is on host-1; choose another host; ${can}`,
    );
    expect(await refused('other-network')).toMatch(
      new RegExp(`^No valid host was found\\. other-network: .*physnet1.*; ${can}$`),
    );
  },
  (config: Config) => {
    const { simulated, ...rest } = withHosts(3)(config);
    if (simulated?.kind !== 'described') throw new Error('hosts are described');
    const [first] = simulated.hosts;
    const text = specOf('').text.replace('physnet1', 'physnet2');
    const other = {
      ...first!,
      name: 'other-network',
      deviceSpec: [{ text, source: 'test' }],
      bridgeMappings: ['physnet2'],
    };
    return { ...rest, simulated: { kind: 'described', hosts: [...simulated.hosts, other] } };
  },
);
