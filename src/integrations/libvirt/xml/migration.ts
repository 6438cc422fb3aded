/**
 * How libvirt sends a guest to another host. Source: libvirt-domain.h, `virDomainMigrateFlags` and
 * `VIR_MIGRATE_PARAM_*`.
 */
import type { Compression, LiveMove } from '#contracts/host/movable-guest.ts';
import { arrivalXml } from './arrival-xml.ts';
import { migrateFlag } from './libvirt-numbers.ts';
import { hardwareOf } from './running-hardware.ts';

/** Major × 1 000 000 + minor × 1 000 + release. */
export interface Versions {
  libvirt: number;
  hypervisor: number;
}

/** How a domain is sent. Source: libvirt-domain.h, `VIR_MIGRATE_PARAM_*`. */
export interface Migration {
  /** Of the other libvirtd. */
  connectionUri: string;
  flags: number;
  /** By the parameter's name in libvirt. */
  texts: Readonly<Record<string, string>>;
  integers: Readonly<Record<string, number>>;
  /** Those that libvirt keeps as `unsigned long long`. */
  bigNumbers: Readonly<Record<string, number>>;
}

/** What a host's administrator has set for guests that are sent live. */
export interface MoveLimits {
  /** Of memory and of disks, each; undefined: none. */
  maxMibPerS?: number;
  /** QEMU ends the copying of memory when the rest takes no longer; undefined: its own 300. */
  maxDowntimeMs?: number;
  /** How long the guest may take to release its VFs. */
  maxUnplugS: number;
  compression: Compression | 'none';
}

/** Memory is sent over so many connections when it is compressed. */
const connections = 2;

/**
 * The methods by which a host with these versions sends and receives memory compressed, over
 * several connections. Example: libvirt 9.3 → none. Source: release notes of libvirt 9.4.0 and of
 * QEMU 5.0.
 */
export function compressionsOf(
  { libvirt, hypervisor }: Versions,
  { compression }: Pick<MoveLimits, 'compression'>,
): Compression[] {
  const can = libvirt >= 9_004_000 && hypervisor >= 5_000_000;
  return can && compression !== 'none' ? [compression] : [];
}

/** `running`: the guest's XML as it runs. */
export function migrationOf(
  running: string,
  { definition, sockets, compressions, sharesDisk }: LiveMove,
  { maxMibPerS }: Pick<MoveLimits, 'maxMibPerS'>,
): Migration {
  const copiesDisk = hardwareOf(running).hasDisk && !sharesDisk;
  const [compression] = compressions;
  return {
    connectionUri: `qemu+unix:///system?socket=${sockets.libvirt}`,
    flags:
      migrateFlag.live |
      migrateFlag.peerToPeer |
      migrateFlag.undefineSource |
      migrateFlag.abortOnError |
      migrateFlag.autoConverge |
      (compression === undefined ? 0 : migrateFlag.parallel | migrateFlag.compressed) |
      (copiesDisk ? migrateFlag.copyTopLayer : 0) |
      // libvirt knows the shared file systems of Linux only, and refuses others.
      (sharesDisk ? migrateFlag.unsafe : 0),
    texts: {
      destination_xml: arrivalXml(running, definition),
      migrate_uri: `unix://${sockets.memory}`,
      ...(copiesDisk && { disks_uri: `unix://${sockets.disks}` }),
      ...(compression !== undefined && { compression }),
    },
    integers: compression === undefined ? {} : { 'parallel.connections': connections },
    bigNumbers: maxMibPerS === undefined ? {} : { bandwidth: maxMibPerS },
  };
}
