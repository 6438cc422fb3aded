/**
 * A copy of the hosts in memory on which claims are booked one after the other: for questions about
 * servers that do not exist. Nothing of it is stored, and no decision of a real server reads it.
 */
import type { Host, HostChange } from '#contracts/store/store.ts';
import type { HostDevices } from '#core/pci/claims/host-devices.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { Fleet } from '#core/scheduling/fleet.ts';
import type { PausedWork } from './paused-work.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { changedRow } from '../hosts/fleet-view.ts';
import { hostState } from '../hosts/host-state.ts';
import { KeptDevices } from '../hosts/kept-devices.ts';
import type { HostsToChoose } from '../placement/place-server.ts';

type Needs = Pick<WorkflowContext, 'store' | 'fleet' | 'settings' | 'links'>;

/** The hosts as they are now. */
export async function scratchFleet(context: Needs, work: PausedWork): Promise<ScratchFleet> {
  const view = await context.fleet.refresh(context.store.hosts, context.settings, context.links);
  const known = view.fleet.hosts.map((state) => ({ state, row: view.row(state.name) }));
  const scratch = new ScratchFleet(context, work);
  for (const { state, row } of known) {
    if (row !== undefined) scratch.add(row, state);
    await work.pause();
  }
  return scratch;
}

export class ScratchFleet implements HostsToChoose {
  readonly fleet = new Fleet();
  readonly #context: Needs;
  readonly #work: PausedWork;
  readonly #rows = new Map<string, Host>();
  readonly #devices = new KeptDevices();
  /** What was booked, by host: its devices may be read from the store once more. */
  readonly #booked = new Map<string, Map<PciAddress, PciDevice>>();

  constructor(context: Needs, work: PausedWork) {
    this.#context = context;
    this.#work = work;
  }

  add(row: Host, state: ReturnType<typeof hostState>): void {
    this.#rows.set(row.name, row);
    this.fleet.put(state);
  }

  row(name: string): Host | undefined {
    return this.#rows.get(name);
  }

  /** Pauses first: a choice may try many hosts. */
  async devices(host: Host): Promise<HostDevices> {
    await this.#work.pause();
    const kept = this.#devices.of(host);
    if (kept !== undefined) return kept;
    const booked = this.#booked.get(host.id);
    const stored = await this.#context.store.hosts.devices(host.id);
    const devices = stored.map((device) => booked?.get(device.address) ?? device);
    return this.#devices.keep(host, devices);
  }

  /** Books the claim of a choice among these hosts. */
  book(host: Host, change: HostChange): void {
    const row = changedRow(host, change);
    this.#rows.set(row.name, row);
    this.fleet.put(hostState(row, this.#context.settings, this.#context.links));
    this.#devices.apply(change);
    const booked = this.#booked.get(host.id) ?? new Map<PciAddress, PciDevice>();
    for (const device of change.devices ?? []) booked.set(device.address, device);
    this.#booked.set(host.id, booked);
  }
}
