/** What only programs of the host can say: which libvirt answers, which QEMU is installed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LibvirtFacts } from '#core/hosts/host-facts.ts';

/** Runs a program and returns what it printed; throws when it fails or cannot be run. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

const patienceMs = 10_000;

export const runProgram: RunProgram = async (program, args) => {
  const { stdout } = await promisify(execFile)(program, args, {
    timeout: patienceMs,
    env: { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  return stdout;
};

/** Asks the daemon behind this URI. Example answer of virsh: `Running against daemon: 11.3.0`. */
export async function askLibvirt(run: RunProgram, uri: string): Promise<LibvirtFacts> {
  try {
    const printed = await run('virsh', ['--connect', uri, '--readonly', 'version', '--daemon']);
    const version = /daemon: (\d[\d.]*)/.exec(printed)?.[1];
    if (version !== undefined) return { uri, state: 'answers', version };
    return { uri, state: 'silent', why: 'virsh does not say its version' };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') {
      return { uri, state: 'not installed', why: 'no virsh, so no libvirt, is installed' };
    }
    const words = error instanceof Error ? error.message : String(error);
    const lines = (stderr ?? '').split('\n').map((line) => line.replace(/^error: /, '').trim());
    const said = lines.filter((line) => line !== '' && !line.startsWith('failed to connect'));
    return { uri, state: 'silent', why: said.at(0) ?? words };
  }
}

const emulators: Record<string, string> = {
  x64: 'qemu-system-x86_64',
  arm64: 'qemu-system-aarch64',
};

/** The version of the QEMU of this machine's own architecture, or null when there is none. */
export async function askQemu(run: RunProgram, architecture: string): Promise<string | null> {
  try {
    const printed = await run(emulators[architecture] ?? 'qemu-system-x86_64', ['--version']);
    return /version (\d[\d.]*)/.exec(printed)?.[1] ?? null;
  } catch {
    return null;
  }
}
