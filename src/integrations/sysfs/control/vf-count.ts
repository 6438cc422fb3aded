/** How many VFs a PF has. Source: Linux `Documentation/PCI/pci-iov-howto.rst`. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VfCount } from '#contracts/host/pci-bus.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { RunProgram } from '#runtime/run-program.ts';
import { listFolder, readText } from '../reading/sysfs-files.ts';

/** Writes a file of sysfs; throws with the kernel's message when it refuses. */
export type WriteFile = (path: string, text: string) => Promise<void>;

/** Slow machines took half a second per VF. */
const vfsAppearMs = (count: number): number => 30_000 + count * 2_000;
const pollMs = 50;

/** Throws `unavailable` for a function without SR-IOV. */
export async function readVfCount(devices: string, pf: PciAddress): Promise<VfCount> {
  const now = await readText(join(devices, pf, 'sriov_numvfs'));
  const max = await readText(join(devices, pf, 'sriov_totalvfs'));
  if (now !== undefined && max !== undefined) return { now: Number(now), max: Number(max) };
  throw new ComputeError('unavailable', `PCI device ${pf} is not a PF: it cannot have VFs`);
}

/**
 * The kernel accepts a new VF count only when it is 0. Returns when all VFs exist with the
 * interfaces that their drivers create.
 */
export async function writeVfCount(
  host: { devices: string; run: RunProgram; write: WriteFile },
  pf: PciAddress,
  count: number,
): Promise<void> {
  const { devices, run, write } = host;
  const { now, max } = await readVfCount(devices, pf);
  if (now === count) return;
  if (count > max) {
    throw new ComputeError(
      'unavailable',
      `PF ${pf}: ${count} VFs were requested, it supports ${max} (sriov_totalvfs)`,
    );
  }
  const set = async (number: number): Promise<void> => {
    try {
      await write(join(devices, pf, 'sriov_numvfs'), String(number));
    } catch (cause) {
      const reason = errorText(cause);
      const message = `PF ${pf}: the kernel refuses ${number} VFs (sriov_numvfs): ${reason}`;
      throw new ComputeError('unavailable', message, { cause });
    }
  };
  if (now > 0) await set(0);
  if (count > 0) await set(count);
  const limitMs = vfsAppearMs(count);
  const limit = Date.now() + limitMs;
  while ((await vfsOf(devices, pf)) !== count) {
    if (Date.now() > limit) {
      const message = `PF ${pf}: ${count} VFs were made, ${await vfsOf(devices, pf)} have appeared within ${limitMs / 1_000} s`;
      throw new ComputeError('unavailable', message);
    }
    await delay(pollMs);
  }
  // udev gives their interfaces their final names; a host without udev has none to wait for.
  await run(['udevadm', 'settle', '--timeout=20']).catch(() => undefined);
}

/** The readable VFs that the PF links to. */
async function vfsOf(devices: string, pf: PciAddress): Promise<number> {
  const links = (await listFolder(join(devices, pf))).filter((name) => /^virtfn\d+$/.test(name));
  const ids = await Promise.all(links.map((name) => readText(join(devices, pf, name, 'vendor'))));
  return ids.filter((id) => id !== undefined).length;
}
