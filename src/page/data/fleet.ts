/** The fleet as the page has it: one snapshot, and each host as it last changed. */
import { signal } from '@preact/signals';
import type { FleetHost } from '#client/shapes/fleet.ts';
import type { StreamEvent } from './event-stream.ts';
import { get } from './request.ts';

/** By name. Replaced, never changed. */
export const hosts = signal<readonly FleetHost[] | undefined>(undefined);

/**
 * The number of the newest event. Numbers are those of the controller process that streams; a
 * snapshot may be another's, so its number counts only until there is an event.
 */
let position = 0;

/** Where a stream continues; 0: nothing was read. */
export const streamPosition = (): number => position;

/** Of each snapshot that is on its way: what has changed meanwhile. It may be older than that. */
const meanwhile = new Set<StreamEvent[]>();

/** Throws a `Refusal`. */
export async function readFleet(signal?: AbortSignal): Promise<void> {
  const arrived: StreamEvent[] = [];
  meanwhile.add(arrived);
  try {
    const reply = await get('/fleet', { signal });
    if (position === 0) position = reply.change;
    hosts.value = merged(reply.hosts, changesIn(arrived));
  } finally {
    meanwhile.delete(arrived);
  }
}

export function forgetFleet(): void {
  position = 0;
  hosts.value = undefined;
}

/** Applies the events of a stream. True: changes were missed; read the fleet again. */
export function applyEvents(events: readonly StreamEvent[]): boolean {
  for (const arrived of meanwhile) arrived.push(...events);
  position = Number(events.findLast(({ id }) => id !== '')?.id ?? position);
  const changed = changesIn(events);
  if (changed.size > 0 && hosts.value !== undefined) hosts.value = merged(hosts.value, changed);
  return events.some(({ type }) => type === 'reset');
}

/** Hosts by name, as the newest event has each; undefined: it no longer exists. */
function changesIn(events: readonly StreamEvent[]): Map<string, FleetHost | undefined> {
  const changed = new Map<string, FleetHost | undefined>();
  for (const { type, data } of events) {
    if (type !== 'host' && type !== 'removed') continue;
    const host = JSON.parse(data) as FleetHost;
    changed.set(host.name, type === 'host' ? host : undefined);
  }
  return changed;
}

function merged(
  before: readonly FleetHost[],
  changed: Map<string, FleetHost | undefined>,
): readonly FleetHost[] {
  if (changed.size === 0) return before;
  const known = new Set<string>();
  const after: FleetHost[] = [];
  for (const host of before) {
    known.add(host.name);
    const now = changed.has(host.name) ? changed.get(host.name) : host;
    if (now !== undefined) after.push(now);
  }
  const added = [...changed.values()].filter((host) => host !== undefined && !known.has(host.name));
  if (added.length === 0) return after;
  after.push(...added.filter((host) => host !== undefined));
  return after.sort((one, other) => (one.name < other.name ? -1 : 1));
}
