/** The micro guest's readers of the config drive, run by the awk of this machine. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const networkData = {
  links: [
    { id: 'tap1', type: 'hw_veb', mtu: 1450, ethernet_mac_address: '52:54:00:6D:90:02' },
    { id: 'tap2', type: 'bridge', mtu: null, ethernet_mac_address: '52:54:00:6d:90:03' },
  ],
  networks: [
    {
      ...{ id: 'network0', link: 'tap1', type: 'ipv4', routes: [] },
      ...{ ip_address: '10.42.0.5', netmask: '255.255.255.0' },
    },
    { id: 'network1', link: 'tap2', type: 'ipv4_dhcp' },
    { id: 'network2', link: 'tap1', type: 'ipv4', ip_address: '10.43.0.5', netmask: '255.255.0.0' },
  ],
  services: [],
};

const metaData = {
  uuid: 'u-1',
  name: 'a "web" {server}, first',
  meta: {},
  devices: [
    { type: 'nic', mac: '52:54:00:6d:90:02', vlan: 42, tags: ['fast', 'wan'] },
    { type: 'nic', mac: '52:54:00:6d:90:03', tags: [] },
  ],
  empty: '',
};

test.each([0, 2])('JSON indented by %i becomes paths and values', (indent) => {
  expect(flat(metaData, indent).split('\n')).toEqual([
    'uuid u-1',
    String.raw`name a \"web\" {server}, first`,
    'devices.0.type nic',
    'devices.0.mac 52:54:00:6d:90:02',
    'devices.0.vlan 42',
    'devices.0.tags.0 fast',
    'devices.0.tags.1 wan',
    'devices.1.type nic',
    'devices.1.mac 52:54:00:6d:90:03',
    'empty ',
    '',
  ]);
});

test('a NIC gets the addresses of its link, however its MAC is written', () => {
  const settings = (mac: string) =>
    awk('nic-settings.awk', flat(networkData), ['-v', `mac=${mac}`])
      .trim()
      .split('\n');
  expect(settings('52:54:00:6d:90:02')).toEqual([
    'mtu 1450',
    'address 10.42.0.5 255.255.255.0',
    'address 10.43.0.5 255.255.0.0',
  ]);
  expect(settings('52:54:00:6d:90:03')).toEqual(['']);
  expect(settings('52:54:00:6d:90:99')).toEqual(['']);
});

test('each device of the metadata is one line with its tags joined', () => {
  expect(awk('devices.awk', flat(metaData))).toBe(
    'L2-DEVICE type=nic mac=52:54:00:6d:90:02 vlan=42 tags=fast,wan\n' +
      'L2-DEVICE type=nic mac=52:54:00:6d:90:03 tags=\n',
  );
});

function flat(content: unknown, indent = 0): string {
  return awk('json.awk', JSON.stringify(content, null, indent));
}

function awk(script: string, input: string, options: string[] = []): string {
  const path = fileURLToPath(new URL(`guest/${script}`, import.meta.url));
  const { stdout, stderr } = spawnSync('awk', [...options, '-f', path], {
    input,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout;
}
