/**
 * The devices of all hosts in a few bytes each, kept between requests and numbered by change: what
 * a picture of the whole fleet and its event stream show. Only hosts that changed are read again.
 */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Clock } from '#contracts/clock.ts';
import type { HostStore, Store } from '#contracts/store/store.ts';
import { compareText } from '#core/compare-text.ts';
import { isSame } from '#core/is-same.ts';
import { type HostFabric, hostFabric } from '#core/pci/fabric/host-fabric.ts';
import type { HostState } from '#core/scheduling/host-state.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { FleetView } from './fleet-view.ts';
import type { HostLinks } from './host-links.ts';
import type { HostStateSettings } from './host-state.ts';

/** `problems`: the codes of those that its agent reports. */
export interface HostStanding {
  name: string;
  zone: string;
  state: 'up' | 'down' | 'forced-down';
  enabled: boolean;
  problems: string[];
}

export type FabricHost = HostStanding & HostFabric;

/** `change`: its number. A host that was removed has only its name. */
export type FabricChange =
  | { change: number; host: FabricHost }
  | { change: number; removed: string };

interface Kept {
  change: number;
  generation: number;
  /** What the line was made from. */
  state: HostState;
  line: FabricHost;
}

export interface FabricParts {
  store: Pick<Store, 'hosts'>;
  fleet: FleetView;
  links: Pick<HostLinks, 'isAlive' | 'isLinked' | 'changes'>;
  settings: HostStateSettings;
  clock: Clock;
  /** The number before the first change; absent: by the time of the start. */
  before?: number;
}

/** How many removals are kept. */
const mostRemoved = 1_000;
const hostsAtOnce = 16;

export class FabricView {
  readonly #parts: FabricParts;
  readonly #hosts = new Map<string, Kept>();
  readonly #refreshing = new SerialQueue();
  #removed: { change: number; removed: string }[] = [];
  #inOrder: FabricHost[] | undefined;
  #first: number;
  #change: number;

  constructor(parts: FabricParts) {
    this.#parts = parts;
    // Above all numbers of an earlier process: a reader that has one of those gets a reset.
    this.#first = parts.before ?? parts.clock.now() * 1_000;
    this.#change = this.#first;
  }

  /** The number of the newest change. Numbers of a later process are greater. */
  get change(): number {
    return this.#change;
  }

  /** By name, as of the last refresh. */
  get hosts(): readonly FabricHost[] {
    this.#inOrder ??= [...this.#hosts.values()]
      .map(({ line }) => line)
      .toSorted((one, other) => compareText(one.name, other.name));
    return this.#inOrder;
  }

  /**
   * The newest state of each host that changed after this change, in the order of the changes;
   * undefined: the number is of another process, or removals since then were dropped.
   */
  since(change: number): FabricChange[] | undefined {
    if (!Number.isSafeInteger(change) || change < this.#first || change > this.#change) {
      return undefined;
    }
    const changed: FabricChange[] = this.#removed.filter((one) => one.change > change);
    for (const kept of this.#hosts.values()) {
      if (kept.change > change) changed.push({ change: kept.change, host: kept.line });
    }
    return changed.toSorted((one, other) => one.change - other.change);
  }

  /** The hosts as they are now, without their devices, which are not read. */
  async standings(): Promise<HostStanding[]> {
    const { store, fleet, links, settings } = this.#parts;
    await fleet.refresh(store.hosts, settings, links);
    return fleet.fleet.hosts.map((state) => this.#standing(state));
  }

  /** Reads what changed, by any process. Other work is done in between where that is much. */
  refresh(): Promise<void> {
    return this.#refreshing.run(async () => {
      const { store, fleet, links, settings } = this.#parts;
      await fleet.refresh(store.hosts, settings, links);
      const { hosts } = fleet.fleet;
      this.#forgetAbsent(fleet);
      const changed = hosts.filter((host) => this.#hosts.get(host.id)?.state !== host);
      for (let at = 0; at < changed.length; at += hostsAtOnce) {
        if (at > 0) await afterEvents();
        await this.#read(store.hosts, changed.slice(at, at + hostsAtOnce));
      }
    });
  }

  async #read(hosts: HostStore, states: readonly HostState[]): Promise<void> {
    const isStale = ({ id, generation }: HostState) =>
      this.#hosts.get(id)?.generation !== generation;
    const devices = await hosts.devicesOf(states.filter(isStale).map(({ id }) => id));
    for (const state of states) {
      const kept = this.#hosts.get(state.id);
      const fabric =
        kept === undefined || isStale(state)
          ? hostFabric(devices.get(state.id) ?? [])
          : { pfs: kept.line.pfs, plain: kept.line.plain };
      this.#keep(state, { ...this.#standing(state), ...fabric });
    }
  }

  #standing(state: HostState): HostStanding {
    const isForced = this.#parts.fleet.row(state.name)?.forcedDown === true;
    return {
      name: state.name,
      zone: state.availabilityZone,
      state: isForced ? 'forced-down' : state.alive ? 'up' : 'down',
      enabled: state.enabled,
      problems: [...new Set((state.problems ?? []).map(({ code }) => code))],
    };
  }

  #keep(state: HostState, line: FabricHost): void {
    const kept = this.#hosts.get(state.id);
    const { generation } = state;
    if (kept !== undefined && isSame(kept.line, line)) {
      this.#hosts.set(state.id, { ...kept, generation, state });
      return;
    }
    this.#change += 1;
    this.#hosts.set(state.id, { change: this.#change, generation, state, line });
    this.#inOrder = undefined;
  }

  #forgetAbsent({ fleet }: FleetView): void {
    const absent = [...this.#hosts.keys()].filter((id) => fleet.get(id) === undefined);
    if (absent.length === 0) return;
    for (const id of absent) {
      const name = this.#hosts.get(id)?.line.name ?? '';
      this.#hosts.delete(id);
      this.#change += 1;
      this.#removed.push({ change: this.#change, removed: name });
    }
    this.#inOrder = undefined;
    const forgotten = this.#removed.splice(0, Math.max(0, this.#removed.length - mostRemoved));
    this.#first = forgotten.at(-1)?.change ?? this.#first;
  }
}
