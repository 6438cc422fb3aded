/** What is reported of a guest on its way, by libvirt's events. */
import { aFailoverNic, aGuest, vf0 } from '#test/hosts/guests.ts';
import { expect, test } from 'vitest';
import type { ChildEvent, LibvirtChild } from '../../connection/child-process.ts';
import { domainXml } from '../../xml/domain-xml.ts';
import { domainState } from '../../xml/libvirt-numbers.ts';
import { Domains } from '../domains.ts';
import { Migrations } from './migrations.ts';

test('a guest switches to its standbys while it is sent; those of others, and later, do not count', async () => {
  const guest = aGuest({ nics: [aFailoverNic(vf0)] });
  const xml = domainXml(guest, { virtType: 'kvm', nicSources: {} });
  let state: number = domainState.running;
  const row = () => ({ id: guest.id, name: guest.name, state, isSaved: false, xml });
  const listeners = new Set<(event: ChildEvent) => void>();
  const happen = (id: string) => {
    for (const listener of listeners)
      listener({ what: 'event', event: { what: 'to-standby', id } });
  };
  const child = {
    watch: (listener: (event: ChildEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    call: async (procedure: string) => {
      if (procedure === 'findDomain') return row();
      if (procedure === 'migratableXml') return xml;
      if (procedure === 'versions') return { libvirt: 0, hypervisor: 0 };
      happen('another');
      happen(guest.id);
      return null;
    },
  } as unknown as LibvirtChild;
  let switches = 0;
  const to = {
    definition: xml,
    sockets: { libvirt: '/l', memory: '/m', disks: '/d' },
    compressions: [],
    sharesDisk: false,
  };
  const onStandby = () => (switches += 1);
  const migrations = new Migrations(child, new Domains(child), {
    compression: 'none',
    maxUnplugS: 60,
  });
  await migrations.send(guest.id, { ...to, onStandby });
  happen(guest.id);
  expect(switches).toBe(1);
  // QEMU would wait for the guest without end.
  state = domainState.paused;
  await expect(migrations.send(guest.id, to)).rejects.toThrow(
    'it is paused, and cannot release the VFs',
  );
});
