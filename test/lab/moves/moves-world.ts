/** What the chapters of moves act on: a cloud outside and two emulated hosts, each with an agent. */
import type { LabHost } from '../host.ts';
import type { LabAgent } from '../story/agent.ts';
import type { World } from '../story/world.ts';
import type { PingSummary } from './ping-log.ts';
import type { Seen } from './watch.ts';

export type HostName = 'hosta' | 'hostb';

/** The number of each in its addresses and MACs. */
export const numberOf = { hosta: 1, hostb: 2 } as const;

export interface MovesHost {
  name: HostName;
  /** Another one after a power cut. */
  host: LabHost;
  agent: LabAgent;
  /** Has a chapter ended it? */
  isCut: boolean;
}

/** Figures of one move. */
export interface Figures {
  seconds: number;
  /** The worse of the far peers', in milliseconds. */
  outageMs: number;
}

export interface MovesWorld extends Omit<World, 'host' | 'agent'> {
  hosts: Record<HostName, MovesHost>;
  /** Ends a host as a power cut does. */
  cutPower(name: HostName): Promise<void>;
  /** Starts it again, with its agent; of its disk nothing is left. */
  powerOn(name: HostName): Promise<void>;
  /** Of plain `virsh migrate` in this run, by way. */
  plain: Map<string, Figures>;
}

/** The same cloud, seen from one host. */
export function on(world: MovesWorld, name: HostName): World {
  const { host, agent } = world.hosts[name];
  return { ...world, host, agent };
}

/** Both hosts, by name, for `watched`. */
export function labs({ hosts }: MovesWorld): Record<HostName, LabHost> {
  return { hosta: hosts.hosta.host, hostb: hosts.hostb.host };
}

export function figuresOf({ seconds, hosts }: Seen<HostName, unknown>): Figures {
  const far = Object.values(hosts).map(({ pings }) => pings.far.outageMs);
  return { seconds, outageMs: Math.max(...far) };
}

/**
 * Text for a check: duration, outage, and what each peer lost. Example: `16.2 s, outage 1.4 s; far
 * peers lost 12 of 210 and 11 of 210 …`.
 */
export function described(seen: Seen<HostName, unknown>, plain?: Figures): string {
  const { seconds, outageMs } = figuresOf(seen);
  const ratio =
    plain === undefined ? '' : `, ${(outageMs / plain.outageMs).toFixed(1)} × plain virsh’s`;
  const peers = (
    Object.entries(seen.hosts) as [HostName, Seen<HostName, 0>['hosts']['hosta']][]
  ).map(
    ([name, { pings, vf }]) =>
      `${name}: far ${lost(pings.far)}, near ${lost(pings.near)}, MAC and VLAN ${vf}`,
  );
  return [`${seconds.toFixed(1)} s, outage ${inSeconds(outageMs)}${ratio}`, ...peers].join('; ');
}

function lost({ sent, answered, outageMs }: PingSummary): string {
  return `lost ${sent - answered} of ${sent} (${inSeconds(outageMs)})`;
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
