/**
 * This machine's PCI functions from sysfs below a root path, and its VFs' settings through `ip`.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VfTraffic } from '#contracts/host/guest-counters.ts';
import type {
  InterfaceChange,
  PciBus,
  UnreadableFunction,
  VfCount,
} from '#contracts/host/pci-bus.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import type { DeviceFacts } from '#core/guests/plan/hand-over.ts';
import type { VfStep } from '#core/guests/plan/step.ts';
import {
  comparePciAddresses,
  type PciAddress,
  tryParsePciAddress,
} from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { noMac, type VfChange, type VfSettingName } from '#core/pci/vf/vf-settings.ts';
import type { VfState } from '#core/pci/vf/vf-state.ts';
import { bindDriver } from './control/bind-driver.ts';
import { deviceFacts } from './device-facts.ts';
import { functionUses } from './uses/function-uses.ts';
import { readNetwork } from './uses/host-uses.ts';
import type { InspectedMachine } from './uses/inspected-machine.ts';
import { pfReader } from './reading/pf-facts.ts';
import { readFunction } from './reading/read-function.ts';
import { readInterface } from './reading/read-interfaces.ts';
import { runDeviceTool, type RunProgram } from '#runtime/run-program.ts';
import { isUp, linkedName, readText } from './reading/sysfs-files.ts';
import { readVfTraffic } from './reading/vf-traffic.ts';
import { vhostVdpaDevice } from './reading/vdpa.ts';
import { VfControl } from './control/vf-control.ts';
import { readVfCount, type WriteFile, writeVfCount } from './control/vf-count.ts';
import { watchSysfs } from './watch.ts';

const interfaceAppearsMs = 10_000;
const pollMs = 50;

export interface SysfsPciBusOptions {
  /** Where sysfs is. Example: `/sys`, or a folder with a captured tree. */
  root: string;
  /** The folder with `proc` and `dev`. Default: the one with sysfs. */
  machine?: string;
  /** Runs a command of the host. Default: for real. */
  run?: RunProgram;
  /** Writes a file of sysfs. Default: for real. */
  write?: WriteFile;
}

export class SysfsPciBus implements PciBus {
  readonly #root: string;
  readonly #machine: string;
  readonly #bus: string;
  readonly #devices: string;
  readonly #run: RunProgram;
  readonly #write: WriteFile;
  readonly #vfs: VfControl;

  constructor({ root, machine, run = runDeviceTool, write = writeFile }: SysfsPciBusOptions) {
    this.#root = root;
    this.#machine = machine ?? join(root, '..');
    this.#bus = join(root, 'bus/pci');
    this.#devices = join(this.#bus, 'devices');
    this.#run = run;
    this.#write = write;
    this.#vfs = new VfControl(this.#devices, run);
  }

  async listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }> {
    const names = (await this.#list()).sort(comparePciAddresses);
    const pfOf = pfReader(this.#devices);
    const read = await Promise.all(names.map((name) => this.#read(name, pfOf)));
    return {
      functions: read.flatMap((each) => ('problem' in each ? [] : [each])),
      unreadable: read.flatMap((each) => ('problem' in each ? [each] : [])),
    };
  }

  async functionAt(address: PciAddress): Promise<PciFunction | undefined> {
    const read = await this.#read(address);
    return 'problem' in read ? undefined : read;
  }

  driverOf(address: PciAddress): Promise<string | null> {
    return linkedName(join(this.#devices, address, 'driver'));
  }

  async ifnameOf(address: PciAddress): Promise<string | null> {
    return (await readInterface(join(this.#devices, address)))?.name ?? null;
  }

  vdpaDeviceOf(address: PciAddress): Promise<string | null> {
    return vhostVdpaDevice(join(this.#devices, address));
  }

  async isUp(address: PciAddress): Promise<boolean | null> {
    const own = await readInterface(join(this.#devices, address));
    return own === null ? null : isUp(await readText(join(own.folder, 'flags')));
  }

  vfState(address: PciAddress): Promise<VfState> {
    return this.#vfs.state(address);
  }

  vfTraffic(addresses: readonly PciAddress[]): Promise<VfTraffic[]> {
    return readVfTraffic({ devices: this.#devices, run: this.#run }, addresses);
  }

  async applyVfStep(step: VfStep): Promise<void> {
    if (step.do === 'set-vf') return this.#vfs.set(step.address, step.change);
    const { address, macAddress, up } = step;
    return this.setInterface(address, { macAddress, up });
  }

  unsupportedSettings(address: PciAddress, change: VfChange): Promise<VfSettingName[]> {
    return this.#vfs.unsupported(address, change);
  }

  async deviceFacts(address: PciAddress): Promise<DeviceFacts> {
    await this.#assertExists(address);
    return deviceFacts(
      this.#machineWith(() => readNetwork(this.#run)),
      address,
    );
  }

  /**
   * The host's own uses of these functions, as plain text: unused functions are left out, and
   * guests do not count. Interfaces and routes are listed once for all. Example: `{ '0000:01:10.0'
   * => ['its interface enp1s0v0 is a port of bond bond0: …'] }`.
   */
  async usesByHost(addresses: readonly PciAddress[]): Promise<Map<PciAddress, string[]>> {
    const network = readNetwork(this.#run, { withoutGuests: true });
    const host = this.#machineWith(() => network);
    await network;
    const uses = new Map<PciAddress, string[]>();
    for (const address of addresses) {
      const found = await functionUses(host, address);
      if (found.length > 0) uses.set(address, found);
    }
    return uses;
  }

  #machineWith(network: InspectedMachine['network']): InspectedMachine {
    return { sysfs: this.#root, machine: this.#machine, network };
  }

  async setInterface(address: PciAddress, { macAddress, up }: InterfaceChange): Promise<void> {
    const ifname = await this.ifnameOf(address);
    if (ifname === null) return;
    if (macAddress !== undefined) await this.#setVfMac(address, ifname, macAddress);
    if (up !== undefined) {
      await this.#command(address, ['ip', 'link', 'set', ifname, up ? 'up' : 'down']);
    }
  }

  async bindDriver(address: PciAddress, driver: string | null): Promise<void> {
    await this.#assertExists(address);
    await bindDriver({ bus: this.#bus, write: this.#write }, address, driver);
  }

  vfCount(pf: PciAddress): Promise<VfCount> {
    return readVfCount(this.#devices, pf);
  }

  setVfCount(pf: PciAddress, count: number): Promise<void> {
    const host = { devices: this.#devices, run: this.#run, write: this.#write };
    return writeVfCount(host, pf, count);
  }

  watch(listener: () => void): () => void {
    return watchSysfs(this.#root, listener);
  }

  /**
   * A MAC set by an administrator blocks any other, and on some NICs the same one: it is removed,
   * and restored afterwards. Where it cannot be removed, the driver is rebound. An interface cannot
   * be without a MAC. Source: Linux `igb_set_vf_mac_addr`, observed on an igb.
   */
  async #setVfMac(address: PciAddress, ifname: string, macAddress: string): Promise<void> {
    if (macAddress === noMac) return;
    const command = ['ip', 'link', 'set', ifname, 'address', macAddress];
    try {
      await this.#run(command);
    } catch (error) {
      if ((await linkedName(join(this.#devices, address, 'physfn'))) === null) throw error;
      const { settings } = await this.#vfs.state(address);
      try {
        await this.#vfs.clearMac(address);
      } catch {
        if (settings.macAddress !== macAddress) throw error;
        return this.#rebind(address);
      }
      await this.#command(address, command);
      await this.#vfs.set(address, { macAddress: settings.macAddress });
    }
  }

  /** When bound, a VF's driver takes the MAC that the PF keeps for the VF. */
  async #rebind(address: PciAddress): Promise<void> {
    const driver = await this.driverOf(address);
    await this.bindDriver(address, null);
    await this.bindDriver(address, driver);
    const limit = Date.now() + interfaceAppearsMs;
    while ((await this.ifnameOf(address)) === null && Date.now() < limit) await delay(pollMs);
  }

  async #command(address: PciAddress, command: string[]): Promise<void> {
    try {
      await this.#run(command);
    } catch (cause) {
      const reason = errorText(cause);
      const message = `PCI device ${address}: "${command.join(' ')}": ${reason}`;
      throw new ComputeError('unavailable', message, { cause });
    }
  }

  async #assertExists(address: PciAddress): Promise<void> {
    if ((await this.#list()).includes(address)) return;
    throw new ComputeError('unavailable', `PCI device ${address} is not on this host`);
  }

  /** A machine without PCI lacks this folder: no functions, no error. */
  async #list(): Promise<string[]> {
    try {
      return await readdir(this.#devices);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const reason = errorText(error);
      throw new ComputeError('unavailable', `PCI devices cannot be listed: ${reason}`, {
        cause: error,
      });
    }
  }

  async #read(
    name: string,
    pfOf = pfReader(this.#devices),
  ): Promise<PciFunction | UnreadableFunction> {
    const address = tryParsePciAddress(name);
    if (address === undefined) return { address: name, problem: 'its name is not a PCI address' };
    try {
      return await readFunction(this.#devices, address, pfOf);
    } catch (error) {
      return { address, problem: errorText(error) };
    }
  }
}
