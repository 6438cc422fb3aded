/** Two emulated hosts that run at once: one wire, one management network, one controller outside. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabHost, startLabHost } from './host.ts';
import { hostImage } from './image.ts';
import type { Twin } from './machine.ts';

export interface LabPair {
  hosts: [LabHost, LabHost];
  /** Starts a twin that has ended again, as after a power cut: nothing is left of what it had. */
  restart(number: Twin['number']): Promise<LabHost>;
  stop(): Promise<void>;
}

/** Enough for two guests on each. */
const memoryMib = 2_560;

/** Takes a minute on two idle processors. Throws with a console's end when one does not come up. */
export async function startLabPair(): Promise<LabPair> {
  // Made once: the two would make it at the same time.
  await hostImage();
  const sockets = mkdtempSync(join(tmpdir(), 'novella-pair-'));
  const started = new Set<LabHost>();
  const start = async (number: Twin['number']): Promise<LabHost> => {
    const host = await startLabHost({ twin: { number, sockets }, memoryMib });
    started.add(host);
    return host;
  };
  const stop = async () => {
    await Promise.all([...started].map((host) => host.stop()));
    rmSync(sockets, { recursive: true, force: true });
  };
  const [one, two] = await Promise.allSettled([start(1), start(2)]);
  if (one.status === 'fulfilled' && two.status === 'fulfilled') {
    return { hosts: [one.value, two.value], restart: start, stop };
  }
  await stop();
  throw one.status === 'rejected' ? one.reason : (two as PromiseRejectedResult).reason;
}
