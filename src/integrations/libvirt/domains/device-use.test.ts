import type { Guest } from '#core/guests/description/guest.ts';
import { aGuest, aHostdevNic, aMacvtapNic, pf0, vf0, vf1 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import { refuseDevicesInUse, wantedDevices } from './device-use.ts';
import { viewOf } from './domain-view.ts';
import { domainXml } from '../xml/domain-xml.ts';

function aDomain(guest: Guest, state: number, nicSources: Record<string, string> = {}) {
  const xml = domainXml(guest, { virtType: 'kvm', nicSources });
  return viewOf({ id: guest.id, name: guest.name, state, isSaved: false, xml });
}

const holder = aGuest({ id: 'other', name: 'instance-7', nics: [aHostdevNic(vf0)] });
const macvtapHolder = aGuest({ id: 'other', name: 'instance-7', nics: [aMacvtapNic(vf1)] });
const otherProgram = viewOf({
  id: 'theirs',
  name: 'theirs',
  state: 1,
  isSaved: false,
  xml: "<domain><devices><interface type='direct'><source dev='enp1s0v1' mode='vepa'/></interface></devices></domain>",
});

const rows = [
  {
    name: 'a VF that a running guest has',
    wanted: vf0,
    domain: aDomain(holder, 1),
    by: 'instance-7',
  },
  {
    name: 'a VF that a paused guest has',
    wanted: vf0,
    domain: aDomain(holder, 3),
    by: 'instance-7',
  },
  { name: 'a VF of a guest that is off', wanted: vf0, domain: aDomain(holder, 5), by: undefined },
  { name: 'another VF', wanted: pf0, domain: aDomain(holder, 1), by: undefined },
  {
    name: 'a VF under a macvtap',
    wanted: vf1,
    domain: aDomain(macvtapHolder, 1, { [vf1]: 'enp1s0v1' }),
    by: 'instance-7',
  },
  {
    name: 'a VF whose interface another program uses',
    wanted: vf1,
    domain: otherProgram,
    by: 'theirs',
  },
];

test.each(rows)('$name', async ({ wanted, domain, by }) => {
  const held = [{ address: wanted, through: 'macvtap', isConfigured: true, trust: false } as const];
  const ifnameOf = async (address: string) => (address === vf1 ? 'enp1s0v1' : null);
  const devices = await wantedDevices(held, {}, ifnameOf);
  const refusal = () => refuseDevicesInUse(devices, [domain], 'mine');
  if (by === undefined) expect(refusal).not.toThrow();
  else expect(refusal).toThrow(`PCI device ${wanted} is in use by guest ${by}`);
});

test('a guest may have the devices that it already holds', async () => {
  const devices = [{ address: vf0, interface: null }];
  expect(() => refuseDevicesInUse(devices, [aDomain(holder, 1)], 'other')).not.toThrow();
});
