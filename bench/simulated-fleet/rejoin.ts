/** How soon all hosts are linked again after controllers have died. */
import { setTimeout as pause } from 'node:timers/promises';
import { rounded } from '../statistics.ts';
import type { FleetCluster } from './cluster.ts';
import type { WatchedDatabase } from './database.ts';
import { type Probed, probing } from './probe.ts';

const pollMs = 100;
const limitMs = 300_000;

export interface Rejoin {
  /** From the death, or (restart) from the moment at which every controller answers. */
  linked_s: number;
  links_of_each: number[];
  /** Requests to the controllers that run, meanwhile. */
  api: Probed;
}

/** Kills the last controller; its hosts link to the others. */
export async function killOne(
  cluster: FleetCluster,
  database: WatchedDatabase,
  hosts: number,
): Promise<Rejoin> {
  const last = Math.max(...cluster.controllers.keys());
  const began = performance.now();
  await cluster.killController(last);
  return linkedAgain(cluster, database, { hosts, began });
}

/** Kills all controllers, and starts them again. `start_s`: until each answers. */
export async function restartAll(
  cluster: FleetCluster,
  database: WatchedDatabase,
  { hosts, controllers }: { hosts: number; controllers: number },
): Promise<Rejoin & { start_s: number }> {
  const killed = performance.now();
  await cluster.killAll();
  const numbers = Array.from({ length: controllers }, (_, at) => at);
  await Promise.all(numbers.map((at) => cluster.startController(at)));
  const began = performance.now();
  const rejoin = await linkedAgain(cluster, database, { hosts, began });
  return { start_s: rounded((began - killed) / 1_000, 1), ...rejoin };
}

async function linkedAgain(
  cluster: FleetCluster,
  database: WatchedDatabase,
  { hosts, began }: { hosts: number; began: number },
): Promise<Rejoin> {
  const sessions = await cluster.sessions();
  const { result: linkedAt, probed } = await probing(sessions, () =>
    untilLinked(cluster, database, hosts),
  );
  return {
    linked_s: rounded((linkedAt - began) / 1_000, 1),
    links_of_each: await database.linksOfEach(),
    api: probed,
  };
}

/** Waits until each host is linked to a controller that runs; when that was. Throws after minutes. */
export async function untilLinked(
  { controllers }: FleetCluster,
  database: WatchedDatabase,
  hosts: number,
): Promise<number> {
  const end = performance.now() + limitMs;
  for (;;) {
    const names = [...controllers.values()].map(({ name }) => name);
    const linked = await database.linked(names);
    if (linked === hosts) return performance.now();
    if (performance.now() > end) {
      throw new Error(`${linked} of ${hosts} hosts are linked after ${limitMs / 1_000} s`);
    }
    await pause(pollMs);
  }
}
