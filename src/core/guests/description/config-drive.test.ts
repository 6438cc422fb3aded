import { expect, test } from 'vitest';
import { aSubnet, aVif } from '#test/hosts/guests.ts';
import { aNewServer, aNic } from '#test/worlds/store-rows.ts';
import type { Vif } from '../../networking/vif.ts';
import type { Server } from '../../servers/server.ts';
import { configDriveFiles, hasConfigDrive } from './config-drive.ts';
import { networkData } from './network-data.ts';

function server(change: Partial<Server> = {}): Server {
  return { ...aNewServer(change).server, serial: 1, ...change };
}

/** The file of this name, of `latest`. */
function read(of: Server, name: string): string | undefined {
  const files = configDriveFiles(of, 'az-1');
  return files.find(({ path }) => path === `openstack/latest/${name}`)?.content;
}

const meta = (of: Server) => JSON.parse(read(of, 'meta_data.json') ?? '');

test('a guest can read its identity, its location and its owner’s metadata', () => {
  const of = server({ name: 'web', hostname: 'web-host', launchIndex: 2 });
  expect(meta(of)).toEqual({
    uuid: of.id,
    name: 'web',
    hostname: 'web-host',
    launch_index: 2,
    availability_zone: 'az-1',
    project_id: 'project-1',
    meta: { role: 'web' },
    devices: [],
  });
});

test('a guest can read its owner’s key by name and by type', () => {
  const key = { type: 'ssh', publicKey: 'ssh-ed25519 AAAA me' } as const;
  expect(meta(server({ keyName: 'mine', key }))).toMatchObject({
    public_keys: { mine: 'ssh-ed25519 AAAA me' },
    keys: [{ name: 'mine', type: 'ssh', data: 'ssh-ed25519 AAAA me' }],
  });
  expect(Object.keys(meta(server({ keyName: 'mine' })))).not.toContain('public_keys');
});

test.each<[string, Partial<Vif>, object[]]>([
  ['a VF in a VLAN', {}, [{ vf_trusted: false, vlan: 42 }]],
  ['a VLAN as a number', { details: { vlan: 7 } }, [{ vf_trusted: false, vlan: 7 }]],
  ['an untagged VF', { details: { vlan: '0' } }, []],
  ['a tagged NIC', { details: {}, tag: 'lan' }, [{ vf_trusted: false, tags: ['lan'] }]],
  ['a trusted VF', { details: {}, profile: { trusted: 'true' } }, [{ vf_trusted: true }]],
  ['a plain NIC', { vnicType: 'normal', vifType: 'bridge', details: {}, profile: {} }, []],
])('devices: %s', (_name, change, gives) => {
  const vif = aVif(change);
  const devices = meta(server({ nics: [aNic({ vif })] })).devices;
  expect(devices).toEqual(
    gives.map((device) => ({ type: 'nic', bus: 'pci', mac: vif.macAddress, ...device })),
  );
});

test('user data is passed through unchanged; without any there is no file', () => {
  const files = configDriveFiles(server({ userData: 'aGVsbG8=' }), 'az-1');
  expect(files.filter(({ path }) => path.endsWith('/user_data'))).toEqual([
    { path: 'openstack/latest/user_data', content: 'aGVsbG8=', encoding: 'base64' },
    { path: 'openstack/2018-08-27/user_data', content: 'aGVsbG8=', encoding: 'base64' },
  ]);
  expect(read(server(), 'user_data')).toBeUndefined();
  expect(read(server(), 'vendor_data.json')).toBe('{}');
});

const v4 = aSubnet({
  id: 'v4',
  dnsNameservers: ['192.0.2.53', '192.0.2.54'],
  hostRoutes: [{ destination: '172.16.0.0/12', nexthop: '10.42.0.2' }],
});
const v6 = aSubnet({
  id: 'v6',
  cidr: 'fd00:42::/64',
  ipVersion: 6,
  gatewayIp: 'fd00:42::1',
  dnsNameservers: ['192.0.2.53'],
});
const network = { id: 'net-1', name: 'red', mtu: 9000, bridge: null, subnets: [v4, v6] };

test('a NIC is described with MAC, MTU, every address and its gateway, and no VLAN', () => {
  const fixedIps = [
    { subnetId: 'v4', ipAddress: '10.42.0.7' },
    { subnetId: 'v6', ipAddress: 'fd00:42::7' },
  ];
  expect(networkData([aVif({ network, fixedIps })])).toEqual({
    links: [
      {
        id: 'tap6d0f5f54-9a',
        vif_id: '6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21',
        type: 'hw_veb',
        mtu: 9000,
        ethernet_mac_address: 'fa:16:3e:5b:10:01',
      },
    ],
    networks: [
      {
        id: 'network0',
        type: 'ipv4',
        link: 'tap6d0f5f54-9a',
        ip_address: '10.42.0.7',
        netmask: '255.255.255.0',
        network_id: 'net-1',
        routes: [
          { network: '0.0.0.0', netmask: '0.0.0.0', gateway: '10.42.0.1' },
          { network: '172.16.0.0', netmask: '255.240.0.0', gateway: '10.42.0.2' },
        ],
        services: [
          { type: 'dns', address: '192.0.2.53' },
          { type: 'dns', address: '192.0.2.54' },
        ],
      },
      {
        id: 'network1',
        type: 'ipv6',
        link: 'tap6d0f5f54-9a',
        ip_address: 'fd00:42::7',
        netmask: 'ffff:ffff:ffff:ffff::',
        network_id: 'net-1',
        routes: [{ network: '::', netmask: '::', gateway: 'fd00:42::1' }],
        services: [{ type: 'dns', address: '192.0.2.53' }],
      },
    ],
    services: [
      { type: 'dns', address: '192.0.2.53' },
      { type: 'dns', address: '192.0.2.54' },
    ],
  });
});

test('a second address in a subnet adds no second gateway; a subnet without a gateway adds none', () => {
  const fixedIps = ['10.42.0.7', '10.42.0.8'].map((ipAddress) => ({ subnetId: 'v4', ipAddress }));
  const inner = { ...v4, gatewayIp: null, hostRoutes: [] };
  const routes = (subnet: typeof v4) =>
    networkData([aVif({ network: { ...network, subnets: [subnet] }, fixedIps })]).networks.map(
      (each) => [each.ip_address, each.routes.length],
    );
  expect(routes(v4)).toEqual([
    ['10.42.0.7', 2],
    ['10.42.0.8', 0],
  ]);
  expect(routes(inner)[0]).toEqual(['10.42.0.7', 0]);
});

test('networks are numbered across all NICs; a NIC without an address is still listed as a link', () => {
  const fixedIps = [{ subnetId: 'v4', ipAddress: '10.42.0.7' }];
  const data = networkData([
    aVif({ network, fixedIps, devName: 'tap1' }),
    aVif({ network, devName: 'tap2', vifType: 'hostdev_physical' }),
    aVif({ network, fixedIps, devName: 'tap3', vifType: 'bridge' }),
  ]);
  expect(data.links.map(({ id, type }) => [id, type])).toEqual([
    ['tap1', 'hw_veb'],
    ['tap2', 'phy'],
    ['tap3', 'bridge'],
  ]);
  expect(data.networks.map(({ id, link }) => [id, link])).toEqual([
    ['network0', 'tap1'],
    ['network1', 'tap3'],
  ]);
});

test.each<[string, Partial<Server>, boolean]>([
  ['nothing requests one', {}, false],
  ['the user requests one', { configDrive: true }, true],
  ['the image requires one', { imageProperties: { img_config_drive: 'mandatory' } }, true],
  ['the image prefers one', { imageProperties: { img_config_drive: 'optional' } }, false],
  ['it has a VF', { nics: [aNic({ pciRequestId: 'r' })] }, true],
  ['it has a virtual NIC', { nics: [aNic()] }, false],
])('a server has a config drive when %s', (_why, change, gives) => {
  expect(hasConfigDrive(server({ configDrive: false, imageProperties: {}, ...change }))).toBe(
    gives,
  );
});
