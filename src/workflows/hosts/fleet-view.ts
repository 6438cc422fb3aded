/**
 * The hosts as this process last read them, with the scheduler's index over them, and the devices
 * of those that it used last. Before each decision only the rows that changed are read again; what
 * this process changed itself is applied without reading. Not authoritative: a claim holds only if
 * its host row is unchanged since it was read.
 */
import type { ChangeMark, Host, HostChange, HostStore } from '#contracts/store/store.ts';
import type { HostDevices } from '#core/pci/claims/host-devices.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { HostLinks } from './host-links.ts';
import { hostState, type HostStateSettings } from './host-state.ts';
import { KeptDevices } from './kept-devices.ts';

type LinkStates = Pick<HostLinks, 'isAlive' | 'isLinked' | 'changes'>;

export class FleetView {
  readonly fleet = new Fleet();
  readonly #rows = new Map<string, Host>();
  readonly #idByName = new Map<string, string>();
  readonly #devices = new KeptDevices();
  /** Hosts that changed since the fleet was last brought up to date. */
  readonly #fresh = new Set<string>();
  /** Hosts that become alive or silent with time; the others only with a link or their row. */
  readonly #unlinked = new Set<string>();
  /** Hosts that another process has changed since they were read. */
  readonly #outdated = new Set<string>();
  #linkChanges = -1;
  readonly #refreshing = new SerialQueue();
  #mark: ChangeMark | undefined;
  #recordedUpTo = 0;

  /** Brings the view up to date and returns it. `links`: which hosts are alive. */
  refresh(
    hosts: Pick<HostStore, 'changedSince' | 'recorded' | 'get'>,
    settings: HostStateSettings,
    links: LinkStates,
  ): Promise<this> {
    return this.#refreshing.run(async () => {
      const { versions, removed, mark } = await hosts.changedSince(this.#mark);
      this.#followRecorded(hosts);
      for (const version of versions) {
        const known = this.#rows.get(version.id);
        const isCurrent = known?.generation === version.generation;
        const row = isCurrent ? { ...known, ...version } : await hosts.get(version.id);
        if (row !== undefined) this.#take(row);
      }
      for (const id of removed) this.#forget(id);
      this.#mark = mark;
      this.#updateFleet(settings, links);
      return this;
    });
  }

  /**
   * The row of a host by name, as of the last refresh. Its running guests are those of the last
   * time it was read.
   */
  row(name: string): Host | undefined {
    return this.#rows.get(this.#idByName.get(name) ?? '');
  }

  /**
   * A host as it is stored now, read only if it changed; with `since`, as it was stored at that
   * generation or later: no statement where that is known here. Its running guests are those of the
   * last time it was read. Undefined when unknown.
   */
  async host(
    hosts: Pick<HostStore, 'recorded' | 'version' | 'get'>,
    id: string,
    since = Infinity,
  ): Promise<Host | undefined> {
    this.#followRecorded(hosts);
    const before = this.#rows.get(id);
    if (before !== undefined && before.generation >= since && !this.#outdated.has(id))
      return before;
    const version = await hosts.version(id);
    this.#followRecorded(hosts);
    const known = this.#rows.get(id);
    if (known !== undefined && known.generation === version?.generation) {
      this.#outdated.delete(id);
      return { ...known, ...version };
    }
    const row = await hosts.get(id);
    if (row !== undefined) this.#take(row);
    return row;
  }

  /** The view of this host is older than its row: it is read before it is used again. */
  outdated(id: string): void {
    this.#outdated.add(id);
  }

  /**
   * The devices of a host, for a change under the generation of this row. Example: a second claim
   * on a host reads no device from the store.
   */
  async devices(
    hosts: Pick<HostStore, 'recorded' | 'devices'>,
    host: Pick<Host, 'id' | 'generation'>,
  ): Promise<HostDevices> {
    this.#followRecorded(hosts);
    return this.#devices.of(host) ?? this.#devices.keep(host, await hosts.devices(host.id));
  }

  #followRecorded(hosts: Pick<HostStore, 'recorded'>): void {
    const { changes, upTo } = hosts.recorded(this.#recordedUpTo);
    this.#recordedUpTo = upTo;
    for (const change of changes) {
      this.#devices.apply(change);
      const row = this.#rows.get(change.hostId);
      if (row?.generation === change.generation) this.#take(changedRow(row, change));
    }
  }

  /** An older row than the known one, read before a change that is known by now, is not taken. */
  #take(row: Host): void {
    const known = this.#rows.get(row.id);
    if (known !== undefined && known.generation > row.generation) return;
    this.#rows.set(row.id, row);
    this.#outdated.delete(row.id);
    this.#idByName.set(row.name, row.id);
    if (known?.generation !== row.generation) this.#fresh.add(row.id);
    this.#unlinked.add(row.id);
  }

  #updateFleet(settings: HostStateSettings, links: LinkStates): void {
    for (const id of this.#fresh) {
      const row = this.#rows.get(id);
      if (row !== undefined) this.fleet.put(hostState(row, settings, links));
    }
    this.#fresh.clear();
    this.#updateAlive(links);
  }

  #updateAlive(links: LinkStates): void {
    const isSteady = this.#linkChanges === links.changes;
    this.#linkChanges = links.changes;
    for (const id of isSteady ? this.#unlinked : this.#rows.keys()) {
      const row = this.#rows.get(id);
      const state = this.fleet.get(id);
      if (row === undefined || state === undefined) continue;
      if (links.isLinked(id)) this.#unlinked.delete(id);
      else this.#unlinked.add(id);
      if (state.alive !== links.isAlive(row)) this.fleet.put({ ...state, alive: !state.alive });
    }
  }

  #forget(id: string): void {
    const name = this.#rows.get(id)?.name ?? '';
    // A host that was registered again has the name, with another id.
    if (this.#idByName.get(name) === id) this.#idByName.delete(name);
    this.#rows.delete(id);
    this.#unlinked.delete(id);
    this.#outdated.delete(id);
    this.#devices.drop(id);
    this.fleet.remove(id);
  }
}

/** The row that the store has once the change is committed. */
export function changedRow(row: Host, { hostId: _id, generation, ...change }: HostChange): Host {
  const { devices: _devices, removedDevices: _removed, deviceEvents: _events, ...more } = change;
  const { link: _link, ...fields } = more;
  return { ...row, ...fields, generation: generation + 1 };
}
