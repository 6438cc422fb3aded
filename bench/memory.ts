/**
 * Resident memory of the all-in-one: idle, with many servers with a VF each, and once these are
 * deleted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { bootServers, createPorts, deleteServers, prepareGround } from './boot-servers.ts';
import { printFigure } from './figure.ts';
import { type Fleet, residentMib, startNovella } from './running-novella.ts';

/** What idle memory takes to be returned to the system. */
const settleMs = 8_000;
const inFlight = 16;

/**
 * Prints `memory.rest_mib` (two hosts, nothing booted), and with 100 servers on 20 hosts and 1,000
 * on 100 `memory.servers_N_mib` (settled), `memory.busy_N_mib` (when the last has booted) and
 * `memory.deleted_N_mib` (when all are deleted, settled).
 */
export async function memory(): Promise<void> {
  const resting = await startNovella();
  try {
    await pause(settleMs);
    print('rest', resting.pid);
  } finally {
    await resting.stop();
  }
  await withServers(100, { hosts: 20, pfs: 2, vfs: 64 });
  await withServers(1_000, { hosts: 100, pfs: 2, vfs: 64 });
}

async function withServers(count: number, fleet: Fleet): Promise<void> {
  const busy = await startNovella(fleet);
  const details = { hosts: fleet.hosts };
  try {
    const ground = await prepareGround(await busy.login());
    const { results } = await bootServers(ground, await createPorts(ground, count), inFlight);
    print(`busy_${count}`, busy.pid, details);
    await pause(settleMs);
    print(`servers_${count}`, busy.pid, details);
    await deleteServers(ground, results, inFlight);
    await pause(settleMs);
    print(`deleted_${count}`, busy.pid, details);
  } finally {
    await busy.stop();
  }
}

function print(what: string, pid: number, details: Record<string, number> = {}): void {
  printFigure({ figure: `memory.${what}_mib`, value: residentMib(pid), unit: 'MiB', ...details });
}
