/** What the libvirt of this machine knows of its PCI functions, as its programs print it. */
import type { LibvirtFacts, NodeDeviceFacts } from '#core/hosts/host-facts.ts';
import { askLibvirt, askNodeDevices } from '#integrations/host-facts/ask-programs.ts';
import { askProgram, type RunProgram } from '#runtime/run-program.ts';

/**
 * The functions that libvirt knows, or why it cannot list any; undefined where none is installed.
 * Example: `nodeDevicesHere('qemu:///system')` → `{ state: 'unlisted', why: 'Failed to connect
 * socket to '/run/libvirt/libvirt-sock': No such file or directory' }`. Never throws.
 */
export async function nodeDevicesHere(
  uri: string,
  run: RunProgram = askProgram,
): Promise<NodeDeviceFacts | undefined> {
  const libvirt: LibvirtFacts = await askLibvirt(run, uri);
  if (libvirt.state === 'not installed') return undefined;
  if (libvirt.state === 'silent') return { state: 'unlisted', why: libvirt.why };
  return askNodeDevices(run, uri);
}
