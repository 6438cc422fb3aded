/** Watches a guest's address and the VFs of both hosts while something is done. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LabHost } from '../host.ts';
import { labDevices } from '../machine.ts';
import { type PeerName, peerNames, peerVlan } from './peers.ts';
import { type PingSummary, summaryOf } from './ping-log.ts';
import { parseVfLog, whenHeld } from './vf-log.ts';

export interface Watched {
  address: string;
  mac: string;
}

/** What was seen of one host. */
export interface SeenOfHost {
  pings: Record<PeerName, PingSummary>;
  /** When a VF had the guest's MAC and VLAN; seconds since the action began. */
  vf: string;
}

export interface Seen<Name extends string, T> {
  result: T;
  /** How long the action took. */
  seconds: number;
  hosts: Record<Name, SeenOfHost>;
}

const [pf] = labDevices.pfs;

/** Pauses of the pings, in seconds. The figures are the far peers'. */
const everySeconds = { far: 0.1, near: 0.5 };

/**
 * Does it, watched from two seconds before until three seconds after. `hosts` by name; one that
 * ends meanwhile is not in the result.
 */
export async function watched<Name extends string, T>(
  hosts: Record<Name, LabHost>,
  { address, mac }: Watched,
  act: () => Promise<T>,
): Promise<Seen<Name, T>> {
  const all = Object.entries(hosts) as [Name, LabHost][];
  await setClocks(Object.values(hosts));
  await Promise.all(all.map(([, host]) => host.mustRun(starting(address))));
  await pause(2_000);
  const starts = new Map(
    await Promise.all(
      all.map(async ([name, host]) => [name, Number(await host.mustRun(clock))] as const),
    ),
  );
  const began = performance.now();
  const acted = await act().then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  const seconds = (performance.now() - began) / 1_000;
  await pause(3_000);
  const seen = await Promise.all(
    all
      .filter(([, host]) => !host.hasEnded())
      .map(async ([name, host]) => [name, await read(host, mac, starts.get(name)!)] as const),
  );
  if ('error' in acted) throw acted.error;
  return {
    ...{ result: acted.result, seconds },
    hosts: Object.fromEntries(seen) as Record<Name, SeenOfHost>,
  };
}

/**
 * As outside. Clocks of emulated hosts drift by seconds on a busy machine, and hosts whose clocks
 * differ accept no guests of each other.
 */
async function setClocks(hosts: readonly LabHost[]): Promise<void> {
  await Promise.all(
    hosts.map((host) => host.mustRun(`date -s @${(Date.now() / 1_000).toFixed(3)} > /dev/null`)),
  );
}

/** Milliseconds since 1970, by the host. */
const clock = 'date +%s%3N';

function starting(address: string): string {
  const pings = peerNames.map(
    (peer) => `
    ip netns exec ${peer} ping -n -D -O -i ${everySeconds[peer]} -W 1 ${address} \\
      > /run/watch/${peer} 2>&1 & echo $! >> /run/watch/pids`,
  );
  return `
    set -e
    rm -rf /run/watch
    mkdir /run/watch
    ${pings.join('')}
    while :; do
      now=$(ip -c=never link show dev ${pf.interface} | grep -o 'vf [0-9].*')
      [ "$now" = "$before" ] || printf '@ %s\\n%s\\n' "$EPOCHREALTIME" "$now"
      before=$now
      sleep 0.3
    done > /run/watch/vfs 2>&1 & echo $! >> /run/watch/pids`;
}

async function read(host: LabHost, mac: string, start: number): Promise<SeenOfHost> {
  // At an interrupt a ping writes what it has not yet written; the loop ignores it.
  await host.run(`
    kill -INT $(cat /run/watch/pids)
    sleep 0.5
    kill $(cat /run/watch/pids)`);
  const ping = async (peer: PeerName) => summaryOf(await host.readFile(`/run/watch/${peer}`));
  const vfs = parseVfLog(await host.readFile('/run/watch/vfs'));
  return {
    pings: { far: await ping('far'), near: await ping('near') },
    vf: whenHeld(vfs, { mac, vlan: peerVlan }, start),
  };
}
