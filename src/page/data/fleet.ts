/** The fleet as the page has it: one snapshot, and each host as it last changed. */
import { batch, signal } from '@preact/signals';
import type { FleetHost } from '#client/shapes/fleet.ts';
import type { StreamEvent } from './event-stream.ts';
import { get } from './request.ts';

/** By name. Replaced, never changed. */
export const hosts = signal<readonly FleetHost[] | undefined>(undefined);

/** Where the stream of events continues. */
let change = 0;

/** The newest change that the page shows. */
export const lastChange = (): number => change;

/** Throws a `Refusal`. */
export async function readFleet(signal?: AbortSignal): Promise<void> {
  const reply = await get('/fleet', { signal });
  batch(() => {
    change = reply.change;
    hosts.value = reply.hosts;
  });
}

export function forgetFleet(): void {
  change = 0;
  hosts.value = undefined;
}

/** Applies what the page does not have yet. True: changes were missed; read the fleet again. */
export function applyEvents(events: readonly StreamEvent[]): boolean {
  const fresh = events.filter(({ id }) => Number(id) > change);
  if (events.some(({ type }) => type === 'reset')) return true;
  const changed = new Map<string, FleetHost | undefined>();
  for (const { type, data } of fresh) {
    const host = JSON.parse(data) as FleetHost;
    if (type === 'host') changed.set(host.name, host);
    if (type === 'removed') changed.set(host.name, undefined);
  }
  change = Math.max(change, ...fresh.map(({ id }) => Number(id)));
  if (changed.size > 0) hosts.value = merged(hosts.value ?? [], changed);
  return false;
}

function merged(
  before: readonly FleetHost[],
  changed: Map<string, FleetHost | undefined>,
): FleetHost[] {
  const after: FleetHost[] = [];
  for (const host of before) {
    if (!changed.has(host.name)) after.push(host);
    else {
      const now = changed.get(host.name);
      if (now !== undefined) after.push(now);
      changed.delete(host.name);
    }
  }
  const added = [...changed.values()].filter((host) => host !== undefined);
  if (added.length === 0) return after;
  return [...after, ...added].sort((one, other) => (one.name < other.name ? -1 : 1));
}
