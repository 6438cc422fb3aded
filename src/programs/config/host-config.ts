/**
 * The section `host`: this machine as a hypervisor, the same for `novella agent` and for `novella
 * up --libvirt`.
 */
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import { hostNameRule, isHostName } from '#core/host-name.ts';
import { type ConfigEntry, entries, type Place } from './config-file.ts';
import { thisMachine } from './this-machine.ts';

export const DeviceSpecEntry = Type.Union([
  Type.String(),
  Type.Record(Type.String(), Type.Unknown()),
]);

const closed = { additionalProperties: false };
const InterfaceName = Type.String({ minLength: 1, maxLength: 15 });

export const HostSection = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: hostNameRule })),
    ip: Type.Optional(Type.String({ minLength: 1 })),
    device_spec: Type.Optional(Type.Array(DeviceSpecEntry)),
    bridge_mappings: Type.Optional(Type.Record(Type.String({ minLength: 1 }), InterfaceName)),
    vf_counts: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 256 })),
    ),
    reserved: Type.Optional(
      Type.Object(
        {
          vcpus: Type.Optional(Type.Integer({ minimum: 0 })),
          memory_mib: Type.Optional(Type.Integer({ minimum: 0 })),
        },
        closed,
      ),
    ),
    libvirt: Type.Optional(
      Type.Object(
        {
          uri: Type.Optional(Type.String({ minLength: 1 })),
          virt_type: Type.Optional(Type.Enum(['auto', 'kvm', 'qemu'])),
          cpu_mode: Type.Optional(Type.Enum(['host-model', 'host-passthrough'])),
          network_xml: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
  },
  closed,
);

export interface RealHostConfig {
  name: string;
  ip: string;
  deviceSpec: ConfigEntry[];
  /**
   * Physical network → the interface that bridges of its networks are made on. Nova's and Neutron's
   * `bridge_mappings`.
   */
  bridgeMappings: Record<string, string>;
  /** VFs that a PF is to have, by its interface or PCI address. */
  vfCounts: Record<string, number>;
  /** Kept for the host itself: never promised to guests. */
  reserved: { vcpus: number; memoryMib: number };
  libvirt: {
    uri: string;
    /** `auto`: KVM where it works. */
    virtType: 'auto' | 'kvm' | 'qemu';
    /** What guests see of the processor under KVM. Nova's `[libvirt] cpu_mode`. */
    cpuMode: 'host-model' | 'host-passthrough';
    networkXml: boolean;
  };
}

/** Nova's `reserved_host_memory_mb`. */
const usuallyReservedMib = 512;

/**
 * With what the section leaves out taken from the machine. `otherwise`: its device list when it has
 * none.
 */
export function toHostConfig(
  section: Static<typeof HostSection> = {},
  place: Place,
  otherwise: ConfigEntry[] = [],
): RealHostConfig {
  const { device_spec: list, libvirt = {}, reserved = {} } = section;
  const machine = thisMachine();
  const name = section.name ?? machine.name;
  if (!isHostName(name)) {
    throw new ComputeError(
      'invalid',
      `${place(['host', 'name'])}: this machine is named "${name}", which cannot be a host's name: set another`,
    );
  }
  return {
    name,
    ip: section.ip ?? machine.ip,
    deviceSpec: list === undefined ? otherwise : entries(list, ['host', 'device_spec'], place),
    bridgeMappings: section.bridge_mappings ?? {},
    vfCounts: section.vf_counts ?? {},
    reserved: {
      vcpus: reserved.vcpus ?? 0,
      memoryMib: reserved.memory_mib ?? usuallyReservedMib,
    },
    libvirt: {
      uri: libvirt.uri ?? 'qemu:///system',
      virtType: libvirt.virt_type ?? 'auto',
      cpuMode: libvirt.cpu_mode ?? 'host-model',
      networkXml: libvirt.network_xml ?? false,
    },
  };
}
