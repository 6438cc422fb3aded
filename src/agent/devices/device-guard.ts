/**
 * The devices of this host that guests have had or have: the state of each before is kept on disk,
 * restored after, and read back. One that cannot be restored is quarantined: kept from later
 * guests, with the reason, until a later attempt cleans it.
 */
import type { HostMemory } from '#contracts/host/host-memory.ts';
import type { Log } from '#contracts/log.ts';
import type { PciBus } from '#contracts/host/pci-bus.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { unplugSteps } from '#core/guests/plan/hand-over-steps.ts';
import type { HeldDevice } from '#core/guests/description/held-device.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { isOtherDevice } from '#core/pci/devices/device-identity.ts';
import { KeyedQueue } from '#runtime/serial-queue.ts';
import { type DeviceBaseline, restoreBaseline, takeBaseline } from './device-baseline.ts';
import { setVfClearingMac } from './clear-vf-mac.ts';

/** The record of a device from before its hand-over until it is clean again. */
interface DeviceRecord {
  device: HeldDevice;
  guestId: string;
  guestMacAddress: string | null;
  /** As it was found; absent: in records older than this field. */
  fn?: PciFunction;
  /** null: handed over before there were records. */
  baseline: DeviceBaseline | null;
  /** Why it could not be cleaned; null: not tried yet. */
  problem: string | null;
}

export interface DeviceGuardOptions {
  host: string;
  pciBus: PciBus;
  memory: HostMemory;
  log: Log;
  /** How long the hypervisor may take to return a driver. Default: ten seconds. */
  driverWaitMs?: number;
}

const folder = 'devices';

export class DeviceGuard {
  readonly #options: DeviceGuardOptions;
  readonly #queue = new KeyedQueue();
  readonly #listeners = new Set<() => void>();

  constructor(options: DeviceGuardOptions) {
    this.#options = options;
  }

  /** Called when a device is quarantined, or no longer is. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Records the device's current state. What an earlier guest has left is cleaned first; a record
   * for the same guest is unchanged. Throws `unavailable` when the device cannot be read or
   * cleaned.
   */
  record(device: HeldDevice, guestId: string, guestMacAddress: string | null): Promise<void> {
    const { address } = device;
    const { pciBus, memory } = this.#options;
    return this.#queue.run(address, async () => {
      const known = await this.#known(address);
      if (known?.guestId === guestId && known.problem === null) return;
      if (known !== undefined) await this.#restore(known);
      const fn = await pciBus.functionAt(address);
      if (fn === undefined) {
        throw new ComputeError('unavailable', `PCI device ${address} is not on this host`);
      }
      const baseline = await takeBaseline(pciBus, fn);
      const record = { device, guestId, guestMacAddress, fn, baseline, problem: null };
      await memory.write(keyOf(address), record);
    });
  }

  /**
   * Restores the device to its record, and deletes that; quarantines it when that fails. A record
   * for another guest is left alone.
   */
  restore(device: HeldDevice, guestId: string): Promise<void> {
    return this.#queue.run(device.address, async () => {
      const known = await this.#known(device.address);
      if (known !== undefined && known.guestId !== guestId) return;
      const record = known ?? unrecorded(device, guestId);
      try {
        await this.#restore(record);
      } catch (error) {
        await this.#quarantine(record, errorText(error));
      }
    });
  }

  /**
   * Cleans devices of guests that are not on this host, and those that could not be cleaned before.
   * Records are read first: a guest is defined before its devices are recorded.
   */
  async cleanUp(listGuests: () => Promise<readonly { id: string }[]>): Promise<void> {
    const records = await this.#records();
    if (records.length === 0) return;
    const guestIds = new Set((await listGuests()).map(({ id }) => id));
    for (const { device, guestId, problem } of records) {
      if (!guestIds.has(guestId) || problem !== null) await this.restore(device, guestId);
    }
  }

  /** Why a device must not be handed over; undefined when it may. */
  async problemOf(address: PciAddress): Promise<string | undefined> {
    return (await this.#known(address))?.problem ?? undefined;
  }

  /**
   * The functions with data that the bus lacks: quarantine, and the interface of a PF that a guest
   * has, so that device specs still match it by name.
   */
  async annotate(functions: readonly PciFunction[]): Promise<PciFunction[]> {
    const records = await this.#records();
    if (records.length === 0) return [...functions];
    const byAddress = new Map(records.map((record) => [record.device.address, record]));
    return functions.map((fn) => {
      const record = byAddress.get(fn.address);
      if (record === undefined) return fn;
      const { problem, baseline } = record;
      const isPfAway = fn.deviceType === 'type-PF' && fn.ifname === null && baseline !== null;
      return {
        ...fn,
        ...(isPfAway && { ifname: baseline.ifname, macAddress: baseline.macAddress }),
        ...(problem !== null && { quarantine: problem }),
      };
    });
  }

  async #restore(record: DeviceRecord): Promise<void> {
    const { device, baseline, guestMacAddress, problem } = record;
    const { address } = device;
    const { pciBus, memory, driverWaitMs = 10_000 } = this.#options;
    if (baseline === null) {
      await this.#clear(device);
    } else if (await this.#isPresent(record)) {
      // A function that is gone needs no cleaning, and another card in its place has had no guest.
      const keepsDriver = device.isUnmanaged === true;
      const request = { address, baseline, guestMacAddress, keepsDriver, driverWaitMs };
      await restoreBaseline(pciBus, request);
    }
    await memory.remove(keyOf(address));
    if (problem === null) return;
    this.#log('info', address, 'is clean again and no longer quarantined');
    this.#notify();
  }

  /**
   * The PF of the same card may have got another MAC since: a VF that has the guest's MAC, or its
   * trust, is the guest's all the same.
   */
  async #isPresent({ device, fn, baseline, guestMacAddress }: DeviceRecord): Promise<boolean> {
    const { pciBus } = this.#options;
    const now = await pciBus.functionAt(device.address);
    if (now === undefined) return false;
    if (fn === undefined || !isOtherDevice(fn, now)) return true;
    if (baseline?.vf == null) return false;
    const { settings, own } = await pciBus.vfState(device.address);
    const macs = [settings.macAddress, own?.macAddress];
    return (
      (guestMacAddress !== null && macs.includes(guestMacAddress)) ||
      (device.trust && settings.trust && !baseline.vf.settings.trust)
    );
  }

  /**
   * Its earlier state is unknown: what a guest may have left is removed. A VF with only the
   * settings that its own driver chose is clean.
   */
  async #clear(device: HeldDevice): Promise<void> {
    if (!device.isConfigured && !device.trust) return;
    const { pciBus } = this.#options;
    const { settings, own } = await pciBus.vfState(device.address);
    const isClean = settings.vlan === 0 && settings.macAddress === own?.macAddress;
    if (device.isConfigured && isClean) return;
    for (const step of unplugSteps(device)) {
      if (step.do === 'set-vf') {
        await setVfClearingMac(pciBus, step.address, step.change, own?.macAddress ?? null);
      } else await pciBus.applyVfStep(step);
    }
  }

  async #quarantine(record: DeviceRecord, problem: string): Promise<void> {
    const { address } = record.device;
    if (record.problem === problem) return;
    this.#log('error', address, `could not be cleaned and is quarantined: ${problem}`);
    await this.#options.memory.write(keyOf(address), { ...record, problem });
    this.#notify();
  }

  async #known(address: PciAddress): Promise<DeviceRecord | undefined> {
    return (await this.#options.memory.read(keyOf(address))) as DeviceRecord | undefined;
  }

  async #records(): Promise<DeviceRecord[]> {
    const { memory } = this.#options;
    const keys = await memory.keys(folder);
    const records = await Promise.all(keys.map((key) => memory.read(key)));
    return records.filter((record) => record !== undefined) as DeviceRecord[];
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #log(level: 'info' | 'error', address: PciAddress, message: string): void {
    const { log, host } = this.#options;
    log[level]({ host, address }, `PCI device ${address} ${message}`);
  }
}

function unrecorded(device: HeldDevice, guestId: string): DeviceRecord {
  return { device, guestId, guestMacAddress: null, baseline: null, problem: null };
}

function keyOf(address: PciAddress): string {
  return `${folder}/${address}`;
}
