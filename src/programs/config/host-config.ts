/**
 * The section `host`: this machine as a hypervisor, the same for `novella agent` and for `novella
 * up --libvirt`.
 */
import { type Static, Type } from 'typebox';
import { cardPreferences } from '#core/pci/claims/card-preference.ts';
import { ComputeError } from '#core/errors.ts';
import { mostUnplugS, usualUnplugS } from '#core/guests/moves/unplug-limit.ts';
import { hostNameRule, isHostName } from '#core/host-name.ts';
import { type ConfigEntry, entries, type Place } from './config-file.ts';
import { key, required } from './described-key.ts';
import { thisMachine } from './this-machine.ts';

export const DeviceSpecEntry = Type.Union([
  Type.String(),
  Type.Record(Type.String(), Type.Unknown()),
]);

export const PciSection = Type.Object(
  {
    device_spec: key(
      Type.Array(DeviceSpecEntry),
      'devices for guests, on hosts that have no list: see [device-specs.md](device-specs.md)',
      { unset: 'none' },
    ),
    alias: key(
      Type.Array(DeviceSpecEntry),
      "aliases that flavors may request, as Nova's `[pci] alias`",
      { default: [] },
    ),
    card_preference: key(
      Type.Enum([...cardPreferences]),
      'among VFs of equal cards: `pack` fills one card first, `spread` takes the emptiest',
      { unset: 'the lowest address' },
    ),
  },
  { additionalProperties: false },
);

const closed = { additionalProperties: false };

/** Nova's `reserved_host_memory_mb`. */
const usuallyReservedMib = 512;

/** Beside the port on which controllers accept hosts. */
const usualMovePort = 8786;

/** libvirt's limit, 2⁶³ bytes. */
const mostMibPerS = 8_796_093_022_207;

/** QEMU's. */
const mostDowntimeMs = 2_000_000;

const InterfaceName = Type.String({ minLength: 1, maxLength: 15 });

/**
 * The default overcommit: processors four times, memory and disk once (a VF pins all memory of its
 * guest).
 */
export const standardRatios = { vcpus: 4, memory: 1, disk: 1 };

const Ratio = Type.Number({ exclusiveMinimum: 0 });

export const RatioSection = Type.Object(
  {
    vcpus: key(Ratio, "overcommit of a host's processors", {
      default: standardRatios.vcpus,
    }),
    memory: key(
      Ratio,
      'overcommit of its memory; keep 1, because a server with a PCI device has all its memory ' +
        'pinned',
      { default: standardRatios.memory },
    ),
    disk: key(Ratio, 'overcommit of its disk', {
      default: standardRatios.disk,
    }),
  },
  { additionalProperties: false },
);

/** The size of a simulated machine. */
export const machineSize = {
  vcpus: key(Type.Integer({ minimum: 1 }), 'its processors', { default: 8 }),
  memory_mib: key(Type.Integer({ minimum: 1 }), 'its memory', { unit: 'MiB', default: 16_384 }),
  disk_gib: key(Type.Integer({ minimum: 1 }), 'its disk', { unit: 'GiB', default: 200 }),
};

export const SimulatedHost = Type.Object(
  {
    name: required(Type.String({ pattern: hostNameRule }), 'name of the host, unique'),
    ...machineSize,
    device_spec: key(Type.Array(DeviceSpecEntry), 'devices for its guests', {
      unset: '`pci.device_spec`; without that, both cards of the captured machine',
    }),
    shared_storage: key(
      Type.String({ pattern: hostNameRule }),
      'name of the storage with the files of its guests, for hosts that share it',
      { unset: 'its own' },
    ),
  },
  { additionalProperties: false },
);

export const Fleet = Type.Object(
  {
    hosts: required(Type.Integer({ minimum: 1, maximum: 10_000 }), 'number of identical hosts'),
    pfs: required(Type.Integer({ minimum: 1, maximum: 16 }), 'PFs of each host'),
    vfs: required(Type.Integer({ minimum: 1, maximum: 256 }), 'VFs of each PF'),
  },
  { additionalProperties: false },
);

export const HostSection = Type.Object(
  {
    name: key(Type.String({ pattern: hostNameRule }), 'name of the host, as it is enrolled', {
      unset: "the machine's name",
    }),
    ip: key(Type.String({ minLength: 1 }), 'shown as `host_ip`', {
      unset: 'its first non-loopback address',
    }),
    device_spec: key(Type.Array(DeviceSpecEntry), 'devices for its guests', {
      unset: '`pci.device_spec`; of an agent: none',
    }),
    bridge_mappings: key(
      Type.Record(Type.String({ minLength: 1 }), InterfaceName),
      'physical network → interface under the bridges of normal ports',
      { default: {} },
    ),
    offload_bridge: key(
      InterfaceName,
      'Open vSwitch bridge that you wire for `vdpa`, `remote-managed` and `virtio-forwarder` ports of the embedded network service',
      { unset: 'none: such ports are not bound' },
    ),
    vf_counts: key(
      Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: 256 })),
      "number of VFs, by the PF's interface or PCI address",
      { default: {} },
    ),
    reserved: Type.Optional(
      Type.Object(
        {
          vcpus: key(Type.Integer({ minimum: 0 }), 'processors reserved for the host itself', {
            default: 0,
          }),
          memory_mib: key(Type.Integer({ minimum: 0 }), 'memory reserved for the host itself', {
            unit: 'MiB',
            default: usuallyReservedMib,
          }),
        },
        closed,
      ),
    ),
    shared_folder: key(
      Type.String({ pattern: '^/.' }),
      'folder for the files of its guests, on storage that other hosts mount at the same path: see [moving-servers.md](moving-servers.md#shared-storage)',
      { unset: 'they are below `state_dir`, on the host alone' },
    ),
    moves: Type.Optional(
      Type.Object(
        {
          address: key(
            Type.String({ minLength: 1 }),
            'where other hosts connect while a guest moves',
            {
              unset: '`host.ip`',
            },
          ),
          port: key(
            Type.Integer({ minimum: 1, maximum: 65_535 }),
            'the port there; nothing listens on it at any other time',
            { default: usualMovePort },
          ),
          max_mib_per_s: key(
            Type.Integer({ minimum: 1, maximum: mostMibPerS }),
            'limit for a guest that is sent live: for its memory and for its disk, each',
            { unit: 'MiB/s', unset: 'no limit' },
          ),
          max_downtime_ms: key(
            Type.Integer({ minimum: 1, maximum: mostDowntimeMs }),
            'longest pause of a guest at the end of its live migration, as QEMU estimates it',
            { unit: 'ms', unset: '300, as in QEMU' },
          ),
          max_unplug_s: key(
            Type.Integer({ minimum: 1, maximum: mostUnplugS }),
            'how long a guest that is to move live may take to release its VFs; then it stays, with them',
            { unit: 's', default: usualUnplugS },
          ),
          compression: key(
            Type.Enum(['zstd', 'none']),
            'of the memory of guests that are sent or received live; used where both hosts have `zstd`, libvirt 9.4 and QEMU 5.0',
            { default: 'zstd' },
          ),
        },
        closed,
      ),
    ),
    libvirt: Type.Optional(
      Type.Object(
        {
          uri: key(Type.String({ minLength: 1 }), 'URI of libvirt', {
            default: 'qemu:///system',
          }),
          virt_type: key(
            Type.Enum(['auto', 'kvm', 'qemu']),
            'auto: kvm where it works, else qemu',
            {
              default: 'auto',
            },
          ),
          cpu_mode: key(
            Type.Enum(['host-model', 'host-passthrough']),
            'CPU model of guests under kvm',
            { default: 'host-model' },
          ),
          vnc: key(Type.Boolean(), "whether guests have a display; Nova's `[vnc] enabled`", {
            default: true,
          }),
          network_xml: key(Type.Boolean(), 'take VFs from libvirt networks', { default: false }),
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
   * Physical network → the interface for bridges of its networks. Nova's and Neutron's
   * `bridge_mappings`.
   */
  bridgeMappings: Record<string, string>;
  /** The bridge of its switch that steers devices by flows; undefined: none. */
  offloadBridge: string | undefined;
  /** The number of VFs of a PF, by its interface or PCI address. */
  vfCounts: Record<string, number>;
  /** Reserved for the host itself: never available to guests. */
  reserved: { vcpus: number; memoryMib: number };
  /** Of its guests' files, where other hosts have them too. */
  sharedFolder: string | undefined;
  moves: {
    /** Where other hosts connect while a guest moves. */
    address: string;
    port: number;
    /** Of guests that are sent to other hosts while they run. */
    limits: {
      maxMibPerS?: number;
      maxDowntimeMs?: number;
      maxUnplugS: number;
      compression: 'zstd' | 'none';
    };
  };
  libvirt: {
    uri: string;
    /** `auto`: KVM where it works. */
    virtType: 'auto' | 'kvm' | 'qemu';
    /** The guests' processor model under KVM. Nova's `[libvirt] cpu_mode`. */
    cpuMode: 'host-model' | 'host-passthrough';
    networkXml: boolean;
    /** Whether guests have a display. */
    vnc: boolean;
  };
}

/** With missing values taken from the machine. `otherwise`: its device list when it has none. */
export function toHostConfig(
  section: Static<typeof HostSection> = {},
  place: Place,
  otherwise: ConfigEntry[] = [],
): RealHostConfig {
  const { device_spec: list, libvirt = {}, reserved = {}, moves = {} } = section;
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
    offloadBridge: section.offload_bridge,
    vfCounts: section.vf_counts ?? {},
    reserved: {
      vcpus: reserved.vcpus ?? 0,
      memoryMib: reserved.memory_mib ?? usuallyReservedMib,
    },
    sharedFolder: section.shared_folder,
    moves: {
      address: moves.address ?? section.ip ?? machine.ip,
      port: moves.port ?? usualMovePort,
      limits: {
        ...(moves.max_mib_per_s !== undefined && { maxMibPerS: moves.max_mib_per_s }),
        ...(moves.max_downtime_ms !== undefined && { maxDowntimeMs: moves.max_downtime_ms }),
        maxUnplugS: moves.max_unplug_s ?? usualUnplugS,
        compression: moves.compression ?? 'zstd',
      },
    },
    libvirt: {
      uri: libvirt.uri ?? 'qemu:///system',
      virtType: libvirt.virt_type ?? 'auto',
      cpuMode: libvirt.cpu_mode ?? 'host-model',
      networkXml: libvirt.network_xml ?? false,
      vnc: libvirt.vnc ?? true,
    },
  };
}
