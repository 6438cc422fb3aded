/**
 * Rows are pieces of XML that libvirt 11.3 printed for running domains of the emulated igb host,
 * with Novella's metadata.
 */
import { parsePciAddress } from '#core/pci/devices/address.ts';
import {
  aFailoverNic,
  aGuest,
  aHostdevNic,
  aMacvtapNic,
  portId,
  vf0,
  vf1,
} from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { metadataOf, metadataXml, readMetadata } from '../xml/domain-metadata.ts';
import { viewOf } from './domain-view.ts';
import { domainXml } from '../xml/domain-xml.ts';
import { printXml } from '../xml/xml.ts';

const hostdev = `<interface type='hostdev' managed='yes'>
      <mac address='fa:16:3e:5b:10:01'/>
      <driver name='vfio'/>
      <source>
        <address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x0'/>
      </source>
      <vlan>
        <tag id='42'/>
      </vlan>
      <alias name='hostdev0'/>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </interface>`;
const standby = `<interface type='bridge'>
      <mac address='fa:16:3e:5b:10:01'/>
      <source bridge='brqb2a7e0c4-55'/>
      <target dev='tap6d0f5f54-9a'/>
      <model type='virtio'/>
      <teaming type='persistent'/>
      <alias name='ua-standby-${portId}'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>`;
const macvtap = `<interface type='direct'>
      <mac address='fa:16:3e:5b:10:01'/>
      <source dev='enp1s0v1' mode='passthrough'/>
      <target dev='macvtap0'/>
      <model type='virtio'/>
      <driver name='vhost'/>
      <alias name='net0'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>`;
const macvtapOfNetwork = macvtap.replace(
  "<source dev='enp1s0v1' mode='passthrough'/>",
  "<source network='novella-port-1' portid='a4d86e1a-b757-4a6e-b2c3-fc851bef2568' dev='enp1s0v1' mode='passthrough'/>",
);
const wholeFunction = `<hostdev mode='subsystem' type='pci' managed='yes'>
      <driver name='vfio'/>
      <source>
        <address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
      </source>
      <alias name='hostdev0'/>
      <address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/>
    </hostdev>`;
const usb = `<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/></source></hostdev>`;

const rows = [
  {
    name: 'a VF passed through',
    nic: aHostdevNic(vf0),
    xml: hostdev,
    held: [[vf0, 'hostdev', false]],
  },
  {
    name: 'a VF with a standby, which is no NIC of its own',
    nic: aFailoverNic(vf0),
    xml: standby + hostdev,
    held: [[vf0, 'hostdev', false]],
  },
  { name: 'a macvtap', nic: aMacvtapNic(vf1), xml: macvtap, held: [[vf1, 'macvtap', true]] },
  {
    name: 'a macvtap of a network',
    nic: aMacvtapNic(vf1),
    xml: macvtapOfNetwork,
    held: [[vf1, 'macvtap', true]],
  },
  {
    name: 'a NIC through a network that is not started',
    nic: aMacvtapNic(vf1),
    xml: "<interface type='network'><mac address='FA:16:3E:5B:10:01'/><source network='n'/></interface>",
    held: [[vf1, 'macvtap', true]],
  },
  {
    name: 'a whole function of a flavor, without a port',
    nic: aHostdevNic(vf0),
    xml: wholeFunction,
    held: [[parsePciAddress('0000:02:00.0'), 'hostdev', false]],
  },
  {
    name: 'a NIC that is detached from the running guest',
    nic: aHostdevNic(vf0),
    xml: '',
    held: [],
  },
  { name: 'a USB device, which is not ours', nic: aHostdevNic(vf0), xml: usb, held: [] },
];

test.each(rows)('a domain holds $name', ({ nic, xml, held }) => {
  const metadata = printXml(metadataXml(metadataOf(aGuest({ nics: [nic] }))));
  const text = `<domain><metadata>${metadata}</metadata><devices>${xml}</devices></domain>`;
  const view = viewOf({ id: 'a', name: 'web', state: 1, isSaved: false, xml: text });
  expect(view.held.map((each) => [each.address, each.through, each.isConfigured])).toEqual(held);
  expect(view).toMatchObject({ state: 'running', isActive: true });
});

test('a domain of another program has no metadata of ours, and its devices are still listed', () => {
  const xml = `<domain><metadata><x:y xmlns:x='urn:x'/></metadata><devices>${hostdev}</devices></domain>`;
  const view = viewOf({ id: 'a', name: 'theirs', state: 3, isSaved: false, xml });
  expect(view.metadata).toBeUndefined();
  expect(view.held.map(({ address }) => address)).toEqual([vf0]);
  expect(view.state).toBe('paused');
});

test('what is written into a domain is read back, trust and unusual names too', () => {
  const nic = aHostdevNic(vf0);
  const trusted = nic.kind === 'hostdev' ? { ...nic, trusted: true } : nic;
  const metadata = metadataOf(aGuest({ title: `<"R&D's">`, nics: [trusted, aMacvtapNic(vf1)] }));
  expect(readMetadata(printXml(metadataXml(metadata)))).toEqual(metadata);
  expect(metadata.ports[0]).toMatchObject({ portId, device: { trust: true } });
});

test('the devices of our own domain XML are found again', () => {
  const guest = aGuest({ nics: [aHostdevNic(vf0), aMacvtapNic(vf1)] });
  const xml = domainXml(guest, { virtType: 'kvm', nicSources: { [vf1]: 'enp1s0v1' } });
  const view = viewOf({ id: guest.id, name: guest.name, state: 5, isSaved: true, xml });
  expect(view.held.map(({ address }) => address)).toEqual([vf0, vf1]);
  expect(view.nicSources).toEqual({ [vf1]: 'enp1s0v1' });
  expect(view.state).toBe('saved');
});

const states = [
  { libvirt: 1, ours: 'running' },
  { libvirt: 2, ours: 'running' },
  { libvirt: 3, ours: 'paused' },
  { libvirt: 4, ours: 'running' },
  { libvirt: 5, ours: 'shutOff' },
  { libvirt: 6, ours: 'crashed' },
  { libvirt: 7, ours: 'running' },
];

test.each(states)('libvirt’s state $libvirt is $ours', ({ libvirt, ours }) => {
  const row = { id: 'a', name: 'web', state: libvirt, isSaved: false, xml: '<domain/>' };
  expect(viewOf(row).state).toBe(ours);
});

test.each([
  ['yes', undefined],
  ['no', true],
])('a whole function with managed %s is read back unchanged', (managed, isUnmanaged) => {
  const xml = wholeFunction.replace("managed='yes'", `managed='${managed}'`);
  const text = `<domain><devices>${xml}</devices></domain>`;
  const [held] = viewOf({ id: 'a', name: 'web', state: 1, isSaved: false, xml: text }).held;
  expect(held?.isUnmanaged).toBe(isUnmanaged);
});
