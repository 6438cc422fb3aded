/**
 * What we write is valid by libvirt's own schemas (Debian package libvirt0). On CI their absence
 * fails; elsewhere these tests are skipped, visibly.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RelaxNGValidator, XmlDocument, type XmlValidateError } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import type { GuestNic } from '#core/guests/description/guest.ts';
import {
  aBridgeNic,
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  pf0,
  portId,
  vf0,
  vf1,
  virtio,
} from '#test/hosts/guests.ts';
import { skipTitle } from '#test/skip-title.ts';
import { describe, expect, test } from 'vitest';
import { arrivalXml } from './xml/arrival-xml.ts';
import { domainXml } from './xml/domain-xml.ts';
import { macvtapNetworkXml, vfNetworkXml } from './xml/network-xml.ts';

const schemas = '/usr/share/libvirt/schemas';
const areHere = existsSync(join(schemas, 'domain.rng'));

const absence = `${schemas}/domain.rng is absent; install the Debian package libvirt0`;

test('libvirt’s schemas are installed on CI', () => {
  if (!areHere && process.env['CI'] === 'true') expect.fail(absence);
});

/** The schema's complaint, or undefined when the text is valid. */
function complaint(schema: 'domain' | 'network', xml: string): string | undefined {
  xmlRegisterFsInputProviders();
  const path = join(schemas, `${schema}.rng`);
  using rng = XmlDocument.fromBuffer(readFileSync(path), { url: path });
  using validator = RelaxNGValidator.fromDoc(rng);
  using document = XmlDocument.fromString(xml);
  try {
    validator.validate(document);
    return undefined;
  } catch (error) {
    return (error as XmlValidateError).message;
  }
}

const identity = { portId, macAddress: 'fa:16:3e:5b:10:01', mtu: null, bandwidth: null };
const queued = { ...virtio, queues: 4, rxQueueSize: 512 };

const nics: { name: string; nic: GuestNic }[] = [
  { name: 'a VF with a VLAN', nic: aHostdevNic(vf0) },
  { name: 'a VF with a standby', nic: aFailoverNic(vf0) },
  { name: 'a VF on a flat network', nic: aHostdevNic(vf0, 0) },
  {
    name: 'a VF behind an 802.1Qbh switch',
    nic: {
      ...identity,
      kind: 'hostdev',
      address: vf0,
      vlan: null,
      portProfileId: 'gold',
      trusted: null,
    },
  },
  { name: 'a macvtap with a VLAN', nic: aMacvtapNic(vf1) },
  {
    name: 'a macvtap with queues',
    nic: {
      ...identity,
      kind: 'macvtap',
      address: vf1,
      vlan: 42,
      portProfileId: null,
      frontend: queued,
    },
  },
  {
    name: 'a macvtap behind an 802.1Qbh switch',
    nic: {
      ...identity,
      kind: 'macvtap',
      address: vf1,
      vlan: null,
      portProfileId: 'gold',
      frontend: virtio,
    },
  },
  { name: 'a whole PF', nic: { ...identity, kind: 'hostdev-physical', address: pf0 } },
  { name: 'a Linux bridge', nic: aBridgeNic() },
  {
    name: 'a limited NIC with an MTU',
    nic: {
      ...aBridgeNic(),
      mtu: 9000,
      bandwidth: { inbound: { average: '1000', peak: '2000' }, outbound: { average: '500' } },
    },
  },
  {
    name: 'an Open vSwitch bridge',
    nic: {
      ...identity,
      kind: 'ovs',
      bridge: 'br-int',
      devName: 'tap6d0f5f54-9a',
      interfaceId: portId,
      frontend: queued,
    },
  },
  {
    name: 'a tap that another program creates',
    nic: {
      ...identity,
      kind: 'tap',
      devName: 'tap6d0f5f54-9a',
      madeByUs: true,
      frontend: virtio,
    },
  },
  {
    name: 'a vhost-user socket',
    nic: {
      ...identity,
      kind: 'vhostuser',
      socket: '/run/vhu',
      mode: 'server',
      devName: 'vhu6d0f5f54-9a',
      frontend: queued,
    },
  },
  { name: 'a vDPA device', nic: { ...identity, kind: 'vdpa', address: vf0 } },
];

const names = {
  nicSources: { [vf1]: 'enp1s0v1', [vf0]: '/dev/vhost-vdpa-0' },
};

describe.runIf(areHere)(skipTitle('libvirt’s domain schema accepts', areHere, absence), () => {
  test.each(nics)('a guest with $name', ({ nic }) => {
    for (const virtType of ['kvm', 'qemu'] as const) {
      const xml = domainXml(aGuest({ nics: [nic] }), { virtType, ...names });
      expect({ xml, complaint: complaint('domain', xml) }).toEqual({ xml, complaint: undefined });
    }
  });

  test.each(nics)('a guest with $name, where VFs come from networks', ({ nic }) => {
    const xml = domainXml(aGuest({ nics: [nic] }), { virtType: 'kvm', networkXml: true, ...names });
    expect({ xml, complaint: complaint('domain', xml) }).toEqual({ xml, complaint: undefined });
  });

  test('a guest with kernel, ramdisk and config drive', () => {
    const kernel = { imageId: 'image-1', ramdiskImageId: 'image-2', commandLine: 'console=ttyS0' };
    const xml = domainXml(aGuest({ kernel, configDrive: [] }), { virtType: 'qemu', ...names });
    expect({ xml, complaint: complaint('domain', xml) }).toEqual({ xml, complaint: undefined });
  });

  test('a guest with a flavor’s device and an unusual name', () => {
    const guest = aGuest({
      vcpus: 3,
      numa: [
        { node: 1, vcpus: 2, memoryMib: 256, cpus: [4, 6] },
        { node: 0, vcpus: 1, memoryMib: 256, cpus: [1] },
      ],
      title: `<"R&D's"> \u0007`,
      hostDevices: [{ address: pf0, requestId: 'request-1' }],
    });
    const xml = domainXml(guest, { virtType: 'kvm', emulator: '/usr/bin/qemu', ...names });
    expect({ xml, complaint: complaint('domain', xml) }).toEqual({ xml, complaint: undefined });
  });

  test('a guest that arrives with its VF and a flavor’s device inside', () => {
    const guest = (address: typeof vf0, device: typeof vf0) =>
      aGuest({
        nics: [{ ...aHostdevNic(address), isMigratable: true } as GuestNic],
        hostDevices: [{ address: device, requestId: 'request-1' }],
      });
    const [here, there] = [guest(vf0, pf0), guest(vf1, vf0)].map((each) =>
      domainXml(each, { virtType: 'kvm', ...names }),
    );
    const xml = arrivalXml(here ?? '', there ?? '');
    expect({ xml, complaint: complaint('domain', xml) }).toEqual({ xml, complaint: undefined });
    expect([...xml.matchAll(/<hostdev|<interface type="hostdev"/g)]).toHaveLength(2);
  });

  test('the schemas refuse wrong XML, so that the tests above can fail', () => {
    const xml = domainXml(aGuest({ nics: [aHostdevNic(vf0, 5000)] }), {
      virtType: 'kvm',
      ...names,
    });
    expect(complaint('domain', xml)).toBeDefined();
  });
});

describe.runIf(areHere)(skipTitle('libvirt’s network schema accepts', areHere, absence), () => {
  const rows = [
    {
      name: 'the network of one VF with a VLAN',
      xml: vfNetworkXml({ name: `novella-port-${portId}`, address: vf1, vlan: 42 }),
    },
    {
      name: 'the network of a macvtap port',
      xml: macvtapNetworkXml({ name: 'novella-6d0f5f54', interface: 'enp1s0v1', vlan: 42 }),
    },
  ];
  test.each(rows)('$name', ({ xml }) => {
    expect({ xml, complaint: complaint('network', xml) }).toEqual({ xml, complaint: undefined });
  });
});
