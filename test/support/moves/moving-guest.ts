/** A guest that moves between hosts with libvirt, and shows that it was never started again. */
import { expect } from 'vitest';
import type { CommandResult } from '#contracts/host/host-link.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { aGuest } from '../hosts/guests.ts';
import type { MovingHost } from './moving-hosts.ts';

/** For what a guest of emulated processors takes long for. */
export const slow = { timeout: 100_000, interval: 200 };

/** A small Linux that counts aloud, and on its disk. */
export function aMovingGuest(change: Partial<Guest> = {}): Guest {
  const commandLine = 'console=ttyS0 panic=-1 mitigations=off quiet ticks';
  return aGuest({
    imageId: 'disk',
    kernel: { imageId: 'kernel', ramdiskImageId: 'ramdisk', commandLine },
    memoryMib: 128,
    nics: [],
    hostDevices: [],
    configDrive: [{ path: 'openstack/latest/meta_data.json', content: '{}', encoding: 'utf8' }],
    ...change,
  });
}

/** Throws when the command has failed. */
export function output(result: CommandResult): string {
  if (!result.ok) throw new Error(`${result.message}\n${result.detail}`);
  return result.output ?? '';
}

export const consoleOf = ({ files }: MovingHost, { id }: Guest) => files.consoleOutput(id, null);

/** The highest number that the guest has counted to on this console. */
export function counted(console: string): number {
  return Math.max(0, ...[...console.matchAll(/tick (\d+)/g)].map(([, tick]) => Number(tick)));
}

/** It counts when this returns. */
export async function started(host: MovingHost, guest: Guest): Promise<void> {
  output(await host.execute({ do: 'spawn', guest }));
  await expect.poll(() => consoleOf(host, guest), slow).toContain('tick 3');
}

export const state = async ({ hypervisor }: MovingHost) =>
  (await hypervisor.listGuests()).map((found) => found.state);
