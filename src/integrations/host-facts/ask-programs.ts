/** What only programs of the host can say: which libvirt answers, which QEMU is installed. */
import { errorText } from '#core/errors.ts';
import type { LibvirtFacts, NodeDeviceFacts } from '#core/hosts/host-facts.ts';
import { tryParsePciAddress } from '#core/pci/devices/address.ts';
import { ProgramFailure, type RunProgram } from '#runtime/run-program.ts';

/** Asks the daemon behind this URI. Example answer of virsh: `Running against daemon: 11.3.0`. */
export async function askLibvirt(run: RunProgram, uri: string): Promise<LibvirtFacts> {
  try {
    const printed = await run(['virsh', '--connect', uri, '--readonly', 'version', '--daemon']);
    const version = /daemon: (\d[\d.]*)/.exec(printed)?.[1];
    if (version !== undefined) return { uri, state: 'answers', version };
    return { uri, state: 'silent', why: 'virsh does not report its version' };
  } catch (error) {
    if (error instanceof ProgramFailure && error.how === 'missing') {
      return { uri, state: 'not installed', why: 'no virsh, so no libvirt, is installed' };
    }
    return { uri, state: 'silent', why: causeOf(error, /^failed to connect/) };
  }
}

/**
 * The PCI functions that the libvirt behind this URI knows. Invalid names are left out.
 * Example line of virsh: `pci_0000_01_10_2`.
 */
export async function askNodeDevices(run: RunProgram, uri: string): Promise<NodeDeviceFacts> {
  try {
    const list = ['virsh', '--connect', uri, '--readonly', 'nodedev-list', '--cap', 'pci'];
    const printed = await run(list);
    const known = printed.split('\n').flatMap((line) => addressIn(line.trim()) ?? []);
    if (known.length === 0) return { state: 'unlisted', why: 'libvirt lists no PCI function' };
    return { state: 'listed', known: new Set(known) };
  } catch (error) {
    return { state: 'unlisted', why: causeOf(error, /^Failed to (list|count) node devices/) };
  }
}

function addressIn(name: string) {
  const [prefix, domain, bus, slot, number] = name.split('_');
  return prefix === 'pci' ? tryParsePciAddress(`${domain}:${bus}:${slot}.${number}`) : undefined;
}

/** virsh prints what it could not do, and then why. */
function causeOf(error: unknown, act: RegExp): string {
  const reason = errorText(error);
  const stderr = error instanceof ProgramFailure ? error.stderr : '';
  const lines = stderr.split('\n').map((line) => line.replace(/^error: /, '').trim());
  return lines.find((line) => line !== '' && !act.test(line)) ?? reason;
}

const emulators: Record<string, string> = {
  x64: 'qemu-system-x86_64',
  arm64: 'qemu-system-aarch64',
};

/** The version of the QEMU of this machine's own architecture, or null when there is none. */
export async function askQemu(run: RunProgram, architecture: string): Promise<string | null> {
  try {
    const printed = await run([emulators[architecture] ?? 'qemu-system-x86_64', '--version']);
    return /version (\d[\d.]*)/.exec(printed)?.[1] ?? null;
  } catch {
    return null;
  }
}
