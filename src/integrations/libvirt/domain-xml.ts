/** The guest as libvirt's `<domain>`: pure text, no connection. Source: libvirt "Domain XML format". */
import type { Guest, GuestNic } from '#core/guests/guest.ts';
import { type HostNames, hostdevXml, nicXml } from './interface-xml.ts';
import { numaCells, numaTuning } from './numa-xml.ts';
import { element, printXml, type XmlElement } from './xml.ts';

/** How the host runs guests, beside the names that only it knows. */
export interface DomainOptions extends HostNames {
  /** Path of QEMU; libvirt chooses when absent. */
  emulator?: string;
  /** Folder of the guests' disks: one folder for each, named by its id. */
  diskDirectory?: string;
}

/** XML namespace of what Novella keeps in a domain. */
const metadataNamespace = 'urn:novella:server:1';

/** The domain XML of a guest. Throws `unavailable` when a NIC needs an interface that the host does not have. */
export function domainXml(guest: Guest, options: DomainOptions): string {
  const hasPassthrough = guest.hostDevices.length > 0 || guest.nics.some(isPassthrough);
  return printXml(
    element('domain', { type: options.virtType }, [
      element('name', {}, [guest.name]),
      element('uuid', {}, [guest.id]),
      metadata(guest),
      element('memory', { unit: 'MiB' }, [guest.memoryMib]),
      element('vcpu', { placement: 'static' }, [guest.vcpus]),
      ...numaTuning(guest),
      element('os', {}, [
        element('type', { arch: 'x86_64', machine: 'q35' }, ['hvm']),
        element('boot', { dev: 'hd' }),
      ]),
      element('features', {}, [element('acpi'), element('apic')]),
      cpu(guest, options),
      element('clock', { offset: 'utc' }),
      element('on_poweroff', {}, ['destroy']),
      element('on_reboot', {}, ['restart']),
      element('on_crash', {}, ['destroy']),
      element('devices', {}, [
        options.emulator !== undefined && element('emulator', {}, [options.emulator]),
        disk(guest, options.diskDirectory ?? '/var/lib/novella/guests'),
        element('controller', { type: 'usb', model: 'none' }),
        ...guest.nics.map((nic) => nicXml(nic, options)),
        ...guest.hostDevices.map((device) => hostdevXml(device.address)),
        element('serial', { type: 'pty' }, [element('target', { port: 0 })]),
        element('console', { type: 'pty' }, [element('target', { type: 'serial', port: 0 })]),
        // VFIO pins all memory of the guest: a balloon could take none of it back.
        element('memballoon', { model: hasPassthrough ? 'none' : 'virtio' }),
      ]),
    ]),
  );
}

function cpu(guest: Guest, { virtType }: DomainOptions): XmlElement | false {
  const cells = numaCells(guest);
  if (virtType !== 'kvm' && cells === null) return false;
  return element('cpu', { mode: virtType === 'kvm' ? 'host-model' : null }, [cells]);
}

function isPassthrough(nic: GuestNic): boolean {
  return nic.kind === 'hostdev' || nic.kind === 'hostdev-physical';
}

/** For people who look at the host: whose guest this is. */
function metadata(guest: Guest): XmlElement {
  return element('metadata', {}, [
    element('novella:server', { 'xmlns:novella': metadataNamespace }, [
      element('novella:name', {}, [guest.title]),
      element('novella:flavor', {}, [guest.flavorName]),
      element('novella:owner', { project: guest.projectId }),
      ...guest.nics.map((nic) =>
        element('novella:port', { id: nic.portId, mac: nic.macAddress, kind: nic.kind }),
      ),
    ]),
  ]);
}

function disk(guest: Guest, directory: string): XmlElement {
  return element('disk', { type: 'file', device: 'disk' }, [
    element('driver', { name: 'qemu', type: 'qcow2' }),
    element('source', { file: `${directory}/${guest.id}/disk` }),
    element('target', { dev: 'vda', bus: 'virtio' }),
  ]);
}
