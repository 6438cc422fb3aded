/**
 * The hosts as this process last read them, with the scheduler's index over them. Before each
 * decision only the rows that changed are read again. Not authoritative: a claim holds only if its
 * host row is unchanged since it was read.
 */
import type { Host, HostVersion, Store } from '#contracts/store/store.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import type { HostLinks } from './host-links.ts';
import { hostState, type HostStateSettings } from './host-state.ts';

export class FleetView {
  readonly fleet = new Fleet();
  readonly #rows = new Map<string, Host>();
  readonly #idByName = new Map<string, string>();

  /** Brings the view up to date and returns it. `links`: which hosts are alive. */
  async refresh(
    hosts: Pick<Store['hosts'], 'versions' | 'get'>,
    settings: HostStateSettings,
    links: Pick<HostLinks, 'isAlive'>,
  ): Promise<this> {
    const versions = await hosts.versions();
    for (const version of versions) {
      const known = this.#rows.get(version.id);
      const isCurrent = known?.generation === version.generation;
      const row = isCurrent ? { ...known, ...version } : await hosts.get(version.id);
      if (row !== undefined) this.#take(row, settings, links);
    }
    this.#forgetAllBut(versions);
    return this;
  }

  /** The row of a host by name, as of the last refresh. */
  row(name: string): Host | undefined {
    return this.#rows.get(this.#idByName.get(name) ?? '');
  }

  #take(row: Host, settings: HostStateSettings, links: Pick<HostLinks, 'isAlive'>): void {
    this.#rows.set(row.id, row);
    this.#idByName.set(row.name, row.id);
    const state = hostState(row, settings, links);
    const before = this.fleet.get(row.id);
    const isSame =
      before?.generation === state.generation &&
      before.alive === state.alive &&
      before.enabled === state.enabled &&
      before.disabledReason === state.disabledReason;
    if (!isSame) this.fleet.put(state);
  }

  #forgetAllBut(versions: readonly HostVersion[]): void {
    if (versions.length === this.#rows.size) return;
    const present = new Set(versions.map(({ id }) => id));
    for (const id of [...this.#rows.keys()].filter((id) => !present.has(id))) {
      this.#rows.delete(id);
      this.fleet.remove(id);
    }
  }
}
