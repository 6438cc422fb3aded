/**
 * Tests whether KVM works here. An accessible `/dev/kvm` proves little; a guest that ran proves it.
 * Tested once per kernel and QEMU.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '#contracts/log.ts';
import { ComputeError } from '#core/errors.ts';
import { writeFileDurably } from '#runtime/atomic-file.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import { hasCode, LibvirtError } from '../connection/libvirt-error.ts';
import { bootDisk, bootSectorOutput } from './probe-boot-sector.ts';
import { element, printXml } from '../xml/xml.ts';

interface ProbeOptions {
  child: LibvirtChild;
  /** Folder of the guests' files; also stores the result. */
  directory: string;
  log: Log;
  cpuMode: 'host-model' | 'host-passthrough';
}

type VirtType = 'kvm' | 'qemu';

/** Emulation on a busy machine needs a second or two. Milliseconds. */
const probeLimitMs = 30_000;

/**
 * A function that returns the result: cached in memory, and in the folder for the next process.
 * Throws `unavailable` when neither KVM nor emulation can run a guest: then KVM is not the cause,
 * and nothing is cached.
 */
export function workingVirtType(options: ProbeOptions): () => Promise<VirtType> {
  let answer: Promise<VirtType> | undefined;
  return () => {
    answer ??= answerOf(options).catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}

async function answerOf(options: ProbeOptions): Promise<VirtType> {
  const { child, directory, log } = options;
  const { version } = await child.call('hostFacts', [], 'read the facts of the host');
  const key = `Linux ${release()}, QEMU ${version}, ${options.cpuMode}`;
  const file = join(directory, '.virt-type.json');
  const kept = await keptAnswer(file, key);
  if (kept !== undefined) return kept;
  const problem = await problemWith('kvm', options);
  const virtType = problem === undefined ? 'kvm' : 'qemu';
  if (problem !== undefined) {
    const other = await problemWith('qemu', options);
    if (other !== undefined) {
      throw new ComputeError(
        'unavailable',
        `no guest runs on this host: with KVM: ${problem}; by emulation: ${other}`,
      );
    }
    log.warn({ problem, key }, 'KVM does not work here: guests are emulated, which is slow');
  }
  await writeFileDurably(file, JSON.stringify({ key, virtType, problem }));
  return virtType;
}

async function keptAnswer(file: string, key: string): Promise<VirtType | undefined> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as { key: string; virtType: VirtType };
    return kept.key === key ? kept.virtType : undefined;
  } catch {
    // Absent or incomplete: test again.
    return undefined;
  }
}

/** Runs the probe guest. undefined: it printed the expected text. */
async function problemWith(virtType: VirtType, options: ProbeOptions): Promise<string | undefined> {
  const { child, directory } = options;
  await mkdir(directory, { recursive: true });
  const id = randomUUID();
  // Files, not a folder: each folder here is a guest's.
  const disk = join(directory, `.probe-${id}.disk`);
  const output = join(directory, `.probe-${id}.log`);
  try {
    await child.call('domainCapabilities', [virtType], 'ask what the host can run');
    await writeFile(disk, bootDisk());
    const xml = probeXml(id, { virtType, disk, output, ...options });
    await child.call('createDomain', [xml], `start a guest with ${virtType}`);
    const end = performance.now() + probeLimitMs;
    while (performance.now() < end) {
      if ((await readFile(output, 'latin1')).includes(bootSectorOutput)) return undefined;
      if ((await child.call('findDomain', [id])) === null)
        return 'the guest ended without any output';
      await delay(100);
    }
    return `the guest printed nothing within ${probeLimitMs / 1_000} s`;
  } catch (error) {
    // Other failures prove nothing about KVM and must not be cached.
    if (error instanceof LibvirtError && !error.isConnectionLost) return error.text;
    throw error;
  } finally {
    await child.call('destroyDomain', [id]).catch((error: unknown) => {
      if (!hasCode(error, 'noDomain')) throw error;
    });
    for (const path of [disk, output]) await rm(path, { force: true });
  }
}

function probeXml(
  id: string,
  {
    virtType,
    disk,
    output,
    cpuMode,
  }: { virtType: VirtType; disk: string; output: string; cpuMode: string },
): string {
  return printXml(
    element('domain', { type: virtType }, [
      element('name', {}, [`novella-probe-${id}`]),
      element('uuid', {}, [id]),
      element('memory', { unit: 'MiB' }, [64]),
      element('vcpu', {}, [1]),
      element('os', {}, [
        element('type', { arch: 'x86_64', machine: 'q35' }, ['hvm']),
        element('boot', { dev: 'hd' }),
      ]),
      element('features', {}, [element('acpi'), element('apic')]),
      element('cpu', { mode: virtType === 'kvm' ? cpuMode : 'maximum' }),
      element('devices', {}, [
        element('disk', { type: 'file', device: 'disk' }, [
          element('driver', { name: 'qemu', type: 'raw' }),
          element('source', { file: disk }),
          element('target', { dev: 'vda', bus: 'virtio' }),
        ]),
        element('controller', { type: 'usb', model: 'none' }),
        element('serial', { type: 'file' }, [
          element('source', { path: output }),
          element('target', { port: 0 }),
        ]),
        element('memballoon', { model: 'none' }),
      ]),
    ]),
  );
}
