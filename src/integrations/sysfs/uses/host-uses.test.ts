import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { hostUses, readNetwork } from './host-uses.ts';
import { vfSettingsIn } from '../reading/vf-listing.ts';

const path = new URL('../../../../test/fixtures/recorded/igb-ip.json', import.meta.url);
const recorded = JSON.parse(readFileSync(fileURLToPath(path), 'utf8')) as Record<string, unknown>;

/** The recorded host: the output of iproute2 there. */
const run = async (command: readonly string[]): Promise<string> =>
  JSON.stringify(
    recorded[
      command
        .slice(2)
        .filter((word) => !['-details', 'table', 'all'].includes(word))
        .join(' ')
    ],
  );

const uses = [
  { name: 'a VF with only what the kernel sets up', ifname: 'enp1s0v1', gives: [] },
  { name: 'a PF that is up and has a link-local address', ifname: 'enp1s0', gives: [] },
  {
    name: 'a VF in a bridge',
    ifname: 'enp1s0v2',
    gives: ['its interface enp1s0v2 is a port of bridge br9: ip link set enp1s0v2 nomaster'],
  },
  {
    name: 'a VF under a macvtap',
    ifname: 'enp1s0v3',
    gives: ['the macvtap interface mvt9 is on its interface enp1s0v3: ip link del mvt9'],
  },
  {
    name: 'a PF with the host’s own traffic',
    ifname: 'enp2s0',
    gives: [
      'the vlan interface enp2s0.42 is on its interface enp2s0: ip link del enp2s0.42',
      'its interface enp2s0 has the address 10.9.9.9/24 of this host: ip addr del 10.9.9.9/24 dev enp2s0',
      'the route 10.9.9.0/24 of this host goes through its interface enp2s0',
    ],
  },
];

test.each(uses)('uses of $name', async ({ ifname, gives }) => {
  const found = hostUses(await readNetwork(run), [ifname]);
  expect(found.filter((use) => !use.includes('192.0.2.0'))).toEqual(gives);
});

test('devices of guests are not a use of the host when they are omitted', async () => {
  const network = await readNetwork(run, { withoutGuests: true });
  expect(hostUses(network, ['enp1s0v3'])).toEqual([]);
  expect(hostUses(network, ['enp1s0v2'])).toHaveLength(1);
});

test('an interface on top of another is a use of it; the other end of a pair is not', () => {
  const on = (ifname: string, kind: string) => ({
    ifname,
    link: 'eth7',
    linkinfo: { info_kind: kind },
  });
  const links = [
    { ifname: 'eth7' },
    on('eth7.3', 'vlan'),
    on('veth1', 'veth'),
    on('nk1', 'netkit'),
  ];
  expect(hostUses({ links, routes: [] }, ['eth7'])).toEqual([
    'the vlan interface eth7.3 is on its interface eth7: ip link del eth7.3',
  ]);
});

const listing = JSON.stringify(recorded['link show dev enp1s0']);

test('the settings of real igb VFs are read', () => {
  expect(vfSettingsIn(listing, 1)).toEqual({
    macAddress: '52:54:00:6d:90:21',
    vlan: 42,
    qos: 3,
    spoofCheck: true,
    trust: false,
    linkState: 'auto',
    minTxRateMbps: 0,
    maxTxRateMbps: 0,
  });
  expect(vfSettingsIn(listing, 2)).toMatchObject({
    spoofCheck: false,
    trust: true,
    vlan: 0,
    maxTxRateMbps: 100,
  });
  expect(vfSettingsIn(listing, 4)).toBeUndefined();
});

test('an older iproute2 prints the VLAN without a list', () => {
  const old = JSON.stringify([{ vfinfo_list: [{ vf: 0, vlan: 7, qos: 1 }] }]);
  expect(vfSettingsIn(old, 0)).toMatchObject({ vlan: 7, qos: 1, spoofCheck: true });
});
