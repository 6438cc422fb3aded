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

type Changes = Map<string, FleetHost | undefined>;

/** Of each snapshot that is on its way: what has changed meanwhile. It may be older than that. */
const meanwhile = new Set<Changes>();

/** Changes that are not in `hosts` yet; undefined: such a host no longer exists. */
const waiting: Changes = new Map();

/** Changes come in groups, in several pieces each: for what is shown they are one change. */
const gatherMs = 100;
let gathering: ReturnType<typeof setTimeout> | undefined;

/** Throws a `Refusal`. */
export async function readFleet(signal?: AbortSignal): Promise<void> {
  const arrived: Changes = new Map();
  meanwhile.add(arrived);
  try {
    const reply = await get('/fleet', { signal });
    if (position === 0) position = reply.change;
    waiting.clear();
    hosts.value = merged(reply.hosts, arrived);
  } finally {
    meanwhile.delete(arrived);
  }
}

export function forgetFleet(): void {
  position = 0;
  waiting.clear();
  hosts.value = undefined;
}

/** Applies the events of a stream, soon. True: changes were missed; read the fleet again. */
export function applyEvents(events: readonly StreamEvent[]): boolean {
  position = Number(events.findLast(({ id }) => id !== '')?.id ?? position);
  for (const { type, data } of events) {
    if (type !== 'host' && type !== 'removed') continue;
    const host = JSON.parse(data) as FleetHost;
    for (const changes of [waiting, ...meanwhile]) {
      changes.set(host.name, type === 'host' ? host : undefined);
    }
  }
  if (waiting.size > 0) gathering ??= setTimeout(show, gatherMs);
  return events.some(({ type }) => type === 'reset');
}

function show(): void {
  gathering = undefined;
  if (hosts.value !== undefined) hosts.value = merged(hosts.value, waiting);
  waiting.clear();
}

/** Where each host is. */
let places: { of: readonly FleetHost[]; byName: Map<string, number> } | undefined;

function merged(before: readonly FleetHost[], changes: Changes): readonly FleetHost[] {
  if (changes.size === 0) return before;
  if (places?.of !== before) {
    places = { of: before, byName: new Map(before.map(({ name }, at) => [name, at])) };
  }
  const { byName } = places;
  const after: (FleetHost | undefined)[] = before.slice();
  let isSame = true;
  for (const [name, host] of changes) {
    const at = byName.get(name);
    if (at === undefined || host === undefined) isSame = false;
    if (at !== undefined) after[at] = host;
    else if (host !== undefined) after.push(host);
  }
  const known = after.filter((host) => host !== undefined);
  if (isSame) places = { of: known, byName };
  else known.sort((one, other) => (one.name < other.name ? -1 : 1));
  return known;
}
