/** What the workers of `torture -- claims` write down, each in a file of its own. */

/** The faults that can be planted in a worker; the check must find each. */
export const faults = ['stale-generation', 'lost-lease', 'double-release', 'stale-report'] as const;
export type Fault = (typeof faults)[number];

export type Operation = 'claim' | 'release' | 'report';

/**
 * A change of a host that a worker is about to commit, or (`end`) how that went; without an end the
 * worker was killed in between. `generation`: that of the host after the change. `devices`: address
 * and holder of each device row that it writes.
 */
export type Entry =
  | {
      id: string;
      operation: Operation;
      hostId: string;
      generation: number;
      serverId: string;
      devices: [address: string, holder: string | null][];
    }
  | { id: string; end: 'committed' | 'refused' };

export type Intent = Extract<Entry, { operation: Operation }>;

/** How a run is set up. `database`: a file, or a URL of PostgreSQL. */
export interface WorkerSetup {
  database: string;
  name: string;
  log: string;
  seed: number;
  /** How many workers there are. */
  processes: number;
  /** Tasks that the worker runs at once. */
  atOnce: number;
  leaseMs: number;
  /** How often it waits until its lease has run out before it commits: a share of the commits. */
  pauseShare: number;
  fault: Fault | null;
}
