/** The stock clients of Debian drive `novella up` through the whole journey of an SR-IOV user. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openConsole } from '#test/consoles/console-client.ts';
import { readBytes, readUntil } from '#test/consoles/read-stream.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { type StockClient, stockClient } from '#test/processes/stock-client.ts';

const state = temporaryDirectory();
let novella: NovellaProcess;
let client: StockClient;

beforeAll(async () => {
  ensureDebianPackages(['python3-openstackclient', 'python3-novaclient']);
  novella = await startNovella(state.path);
  client = stockClient(novella.cloudsYaml);
});

afterAll(async () => {
  await novella?.stop();
  state.remove();
});

const vfSlot = /^0000:0[12]:1[01]\.[0-6]$/;

describe('a user of the openstack command', () => {
  test('creates a VLAN provider network, a subnet and SR-IOV ports', async () => {
    const network = await client.json(
      ...['network', 'create', '--provider-network-type', 'vlan'],
      ...['--provider-physical-network', 'physnet1', '--provider-segment', '42', 'red'],
    );
    expect(network).toMatchObject({
      name: 'red',
      'provider:network_type': 'vlan',
      'provider:physical_network': 'physnet1',
      'provider:segmentation_id': 42,
    });
    const subnet = await client.json(
      ...['subnet', 'create', '--network', 'red', '--subnet-range', '10.42.0.0/24', 'red-subnet'],
    );
    expect(subnet).toMatchObject({ cidr: '10.42.0.0/24', gateway_ip: '10.42.0.1' });
    for (const [name, vnicType] of [
      ['direct-1', 'direct'],
      ['macvtap-1', 'macvtap'],
      ['direct-2', 'direct'],
      ['macvtap-2', 'macvtap'],
    ]) {
      const port = await client.json(
        ...['port', 'create', '--network', 'red', '--vnic-type', String(vnicType), String(name)],
      );
      expect(port).toMatchObject({ binding_vnic_type: vnicType, binding_vif_type: 'unbound' });
    }
  });

  test('lists flavors, images and hypervisors', async () => {
    const flavors = await client.json('flavor', 'list');
    expect(flavors.map((flavor: { Name: string }) => flavor.Name)).toContain('m1.small');
    const images = await client.json('image', 'list');
    expect(images).toEqual([expect.objectContaining({ Name: 'tiny', Status: 'active' })]);
    const hypervisors = await client.json('hypervisor', 'list');
    expect(
      hypervisors.map((host: Record<string, string>) => [
        host['Hypervisor Hostname'],
        host['State'],
      ]),
    ).toEqual([
      ['host-1', 'up'],
      ['host-2', 'up'],
    ]);
  });

  test('shows a hypervisor with its uptime and load', async () => {
    const shown = await client.json('hypervisor', 'show', 'host-1');
    expect(shown).toMatchObject({
      hypervisor_hostname: 'host-1',
      uptime: expect.stringMatching(/^\d+ min|\d+:\d\d/),
      load_average: expect.stringMatching(/^[\d.]+, [\d.]+, [\d.]+$/),
    });
  });

  test('puts a host into a zone by an aggregate, and takes it out again', async () => {
    const zones = async () => {
      const listed = await client.json('availability', 'zone', 'list', '--compute');
      return listed.map((zone: Record<string, string>) => zone['Zone Name']).toSorted();
    };
    await client.json('aggregate', 'create', '--zone', 'west', 'fast');
    const added = await client.json('aggregate', 'add', 'host', 'fast', 'host-2');
    expect(added).toMatchObject({ name: 'fast', hosts: ['host-2'], availability_zone: 'west' });
    expect(await zones()).toEqual(['nova', 'west']);
    expect(await client.json('aggregate', 'remove', 'host', 'fast', 'host-2')).toMatchObject({
      hosts: [],
    });
    expect((await client.openstack('aggregate', 'delete', 'fast')).code).toBe(0);
    expect(await zones()).toEqual(['nova']);
  });

  test('boots a server with a direct port, a macvtap port and a network', async () => {
    const server = await client.json(
      ...['server', 'create', '--flavor', 'm1.small', '--image', 'tiny'],
      ...['--port', 'direct-1', '--port', 'macvtap-1', '--network', 'red', '--wait', 'first'],
    );
    expect(server.status).toBe('ACTIVE');
    expect(server.addresses.red).toHaveLength(3);
    const shown = await client.json('server', 'show', 'first');
    expect(shown).toMatchObject({ name: 'first', status: 'ACTIVE' });
    const listed = await client.json('server', 'list');
    expect(listed).toEqual([
      expect.objectContaining({ Name: 'first', Status: 'ACTIVE', Image: 'tiny' }),
    ]);
  });

  test('reads on the port which VF it got, with the MAC and VLAN unchanged', async () => {
    const host = (await client.json('server', 'show', 'first'))['OS-EXT-SRV-ATTR:host'];
    const slots = new Set<string>();
    for (const name of ['direct-1', 'macvtap-1']) {
      const port = await client.json('port', 'show', name);
      expect(port).toMatchObject({
        binding_host_id: host,
        binding_vif_type: 'hw_veb',
        binding_vif_details: expect.objectContaining({ vlan: '42' }),
        binding_profile: expect.objectContaining({
          pci_vendor_info: '8086:10ca',
          physical_network: 'physnet1',
          pci_slot: expect.stringMatching(vfSlot),
        }),
        status: 'ACTIVE',
      });
      slots.add(port.binding_profile.pci_slot);
    }
    expect(slots.size).toBe(2);
  });

  test('follows the actions in the event list', async () => {
    const events = await client.json('server', 'event', 'list', 'first');
    expect(events).toEqual([expect.objectContaining({ Action: 'create' })]);
    const event = await client.json('server', 'event', 'show', 'first', events[0]['Request ID']);
    expect(event.events.map((each: { event: string; result: string }) => each.event)).toEqual([
      'make_ports',
      'schedule',
      'bind_ports',
      'spawn',
    ]);
  });

  test('reads the guest’s console output', async () => {
    const { code, stdout } = await client.openstack('console', 'log', 'show', 'first');
    expect([code, stdout]).toEqual([0, expect.stringContaining('first login:')]);
    const tail = await client.openstack('console', 'log', 'show', '--lines', '1', 'first');
    expect(tail.stdout.trim()).toBe('first login:');
  });

  test('opens the display and the serial console', async () => {
    const show = (type: string) => client.json('console', 'url', 'show', type, 'first');
    const display = await show('--novnc');
    expect(display).toMatchObject({ type: 'novnc', url: expect.stringMatching(/^http:/) });
    expect(await (await fetch(display.url)).text()).toContain('noVNC');
    const { stream } = await openConsole(display.url);
    expect(String(await readBytes(stream, 12))).toBe('RFB 003.008\n');
    stream.destroy();
    const serial = await show('--serial');
    expect(serial).toMatchObject({ type: 'serial', url: expect.stringMatching(/^ws:/) });
    const typed = await openConsole(serial.url);
    typed.stream.write('hello');
    await readUntil(typed.stream, 'hello');
    typed.stream.destroy();
    const spice = await client.openstack('console', 'url', 'show', '--spice', 'first');
    expect([spice.code, spice.stderr]).toEqual([
      1,
      expect.stringContaining('Unavailable console type spice-html5.'),
    ]);
  });

  test('gets plain error messages', async () => {
    const boot = ['server', 'create', '--flavor', 'm1.small', '--image', 'tiny'];
    const inUse = await client.openstack(...boot, '--port', 'direct-1', 'second');
    expect(inUse.code).not.toBe(0);
    expect(inUse.stderr).toMatch(/port .* is in use|Port .* is in use/);
    const noPort = await client.openstack(
      ...boot,
      ...['--nic', 'port-id=11111111-2222-4333-8444-555555555555', 'second'],
    );
    expect(noPort.code).not.toBe(0);
    expect(noPort.stderr).toContain('11111111-2222-4333-8444-555555555555');
    const noFlavor = await client.openstack(
      ...['server', 'create', '--flavor', 'none-such', '--image', 'tiny', 'second'],
    );
    expect(noFlavor.code).not.toBe(0);
    expect(noFlavor.stderr).toMatch(/none-such/);
    const listed = await client.json('server', 'list');
    expect(listed).toHaveLength(1);
  });

  test('deletes the server, and its ports are free again', async () => {
    const deleted = await client.openstack('server', 'delete', '--wait', 'first');
    expect(deleted.stderr).toBe('');
    expect(deleted.code).toBe(0);
    expect(await client.json('server', 'list')).toEqual([]);
    const port = await client.json('port', 'show', 'direct-1');
    expect(port).toMatchObject({ binding_vif_type: 'unbound', binding_profile: {}, device_id: '' });
    const ports = await client.json('port', 'list');
    expect(ports).toHaveLength(4);
  });
});

describe('a user who changes a running server', () => {
  test('adds a direct port, reboots, stops and starts, and removes the port again', async () => {
    const boot = ['server', 'create', '--flavor', 'm1.small', '--image', 'tiny'];
    await client.json(...boot, '--network', 'red', '--wait', 'changing');
    const run = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await client.openstack(...args);
      expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, '']);
    };
    await run('server', 'add', 'port', 'changing', 'direct-1');
    expect(await client.json('port', 'show', 'direct-1')).toMatchObject({
      binding_vif_type: 'hw_veb',
      binding_profile: expect.objectContaining({ pci_slot: expect.stringMatching(vfSlot) }),
    });
    await run('server', 'reboot', '--hard', '--wait', 'changing');
    await run('server', 'stop', 'changing');
    await expect.poll(statusOf, { timeout: 30_000 }).toBe('SHUTOFF');
    await run('server', 'start', 'changing');
    await expect.poll(statusOf, { timeout: 30_000 }).toBe('ACTIVE');
    await run('server', 'remove', 'port', 'changing', 'direct-1');
    await expect
      .poll(async () => (await client.json('port', 'show', 'direct-1')).device_id, {
        timeout: 30_000,
      })
      .toBe('');
    await run('server', 'delete', '--wait', 'changing');
  });

  async function statusOf(): Promise<string> {
    return (await client.json('server', 'show', 'changing')).status;
  }
});

describe('a user of the older nova command', () => {
  test('boots with two port-ids, sees the server and deletes it', async () => {
    const idOf = async (name: string): Promise<string> =>
      (await client.json('port', 'show', name)).id;
    const booted = await client.nova(
      ...['boot', '--poll', '--flavor', 'm1.small', '--image', 'tiny'],
      ...['--nic', `port-id=${await idOf('direct-2')}`],
      ...['--nic', `port-id=${await idOf('macvtap-2')}`, 'old-style'],
    );
    expect(booted.stderr).not.toContain('ERROR');
    expect(booted.code).toBe(0);
    const shown = await client.nova('show', 'old-style');
    expect(shown.stdout).toMatch(/status\s+\| ACTIVE/);
    const listed = await client.nova('list');
    expect(listed.stdout).toMatch(/old-style\s+\| ACTIVE/);
    const deleted = await client.nova('delete', 'old-style');
    expect(deleted.code).toBe(0);
  });
});
