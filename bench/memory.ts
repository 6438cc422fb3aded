/** Resident memory of the all-in-one: idle, and with 100 servers with a VF each. */
import { setTimeout as pause } from 'node:timers/promises';
import { bootServers, createPorts, prepareGround } from './boot-servers.ts';
import { printFigure } from './figure.ts';
import { residentMib, startNovella } from './running-novella.ts';

const servers = 100;
const fleet = { hosts: 20, pfs: 2, vfs: 64 };
/** Time for start-up garbage to be collected. */
const settleMs = 3_000;

/** Prints `memory.rest_mib` (two hosts, nothing booted) and `memory.servers_100_mib`. */
export async function memory(): Promise<void> {
  const resting = await startNovella();
  try {
    await pause(settleMs);
    printFigure({ figure: 'memory.rest_mib', value: residentMib(resting.pid), unit: 'MiB' });
  } finally {
    await resting.stop();
  }
  const busy = await startNovella(fleet);
  try {
    const ground = await prepareGround(await busy.login());
    await bootServers(ground, await createPorts(ground, servers), 8);
    await pause(settleMs);
    const value = residentMib(busy.pid);
    printFigure({ figure: 'memory.servers_100_mib', value, unit: 'MiB', hosts: fleet.hosts });
  } finally {
    await busy.stop();
  }
}
