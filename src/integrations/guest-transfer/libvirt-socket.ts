/** The UNIX socket of this host's libvirt, to which the agent carries another host's connection. */
import { existsSync } from 'node:fs';

/** Of the one daemon, and of QEMU's where each driver has its own. Source: libvirt, "Daemons". */
const usual = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock'];

/**
 * `uri`: by which the agent itself connects. Example: `qemu:///system` →
 * `/run/libvirt/libvirt-sock`, or that of virtqemud where there is no libvirtd.
 */
export function libvirtSocketOf(
  uri: string,
  exists: (path: string) => boolean = existsSync,
): string {
  const named = URL.canParse(uri) ? new URL(uri).searchParams.get('socket') : null;
  return named ?? usual.find(exists) ?? usual[0] ?? '';
}
