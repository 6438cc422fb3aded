/**
 * One VF's settings: reads them through its PF, applies them one by one, and finds those its NIC
 * lacks without changing any.
 */
import { join } from 'node:path';
import { ComputeError, errorText } from '#core/errors.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import {
  changeTowards,
  completeChange,
  noMac,
  printVfChange,
  type VfChange,
  type VfSettingName,
} from '#core/pci/vf/vf-settings.ts';
import type { VfInterface, VfState } from '#core/pci/vf/vf-state.ts';
import { pfReader } from '../reading/pf-facts.ts';
import { readInterface } from '../reading/read-interfaces.ts';
import type { RunProgram } from '#runtime/run-program.ts';
import { isUp, linkedName, readText } from '../reading/sysfs-files.ts';
import { vfCommands, type VfPlace } from './vf-command.ts';
import { vfSettingsIn } from '../reading/vf-listing.ts';

interface PlacedVf extends VfPlace {
  address: PciAddress;
  pf: string;
}

/**
 * Settings that can be tested by setting their current value. NICs without a minimum rate accept 0.
 */
const probed: VfSettingName[] = ['spoofCheck', 'trust', 'linkState', 'maxTxRateMbps'];
const notSupported = /operation not supported/i;

export class VfControl {
  readonly #devices: string;
  readonly #run: RunProgram;
  /** By PF and setting: whether the NIC has it. */
  readonly #abilities = new Map<string, boolean>();

  /** `devices`: the folder with one link per function. */
  constructor(devices: string, run: RunProgram) {
    this.#devices = devices;
    this.#run = run;
  }

  async state(address: PciAddress): Promise<VfState> {
    const place = await this.#place(address);
    return { settings: await this.#settings(place), own: await this.#own(address) };
  }

  /**
   * Throws `unavailable`, naming each refused setting and the NIC's driver; all others are applied.
   */
  async set(address: PciAddress, wanted: VfChange): Promise<void> {
    const place = await this.#place(address);
    const now = await this.#settings(place);
    const change = completeChange(now, changeTowards(now, wanted));
    const refusals: ComputeError[] = [];
    for (const each of vfCommands(change, place)) {
      try {
        await this.#run(each.command);
      } catch (error) {
        refusals.push(await this.#refusal(place, each, error));
      }
    }
    const [first, ...more] = refusals;
    if (first === undefined) return;
    if (more.length === 0) throw first;
    throw new ComputeError('unavailable', refusals.map(({ message }) => message).join('; '));
  }

  /** Removes a MAC set by an administrator, so that the VF's own interface may have another. */
  async clearMac(address: PciAddress): Promise<void> {
    const { pfIfname, vfNum } = await this.#place(address);
    await this.#run(['ip', 'link', 'set', pfIfname, 'vf', String(vfNum), 'mac', noMac]);
  }

  async unsupported(address: PciAddress, wanted: VfChange): Promise<VfSettingName[]> {
    const place = await this.#place(address);
    const now = await this.#settings(place);
    const names = Object.keys(changeTowards(now, wanted)) as VfSettingName[];
    const unsupported: VfSettingName[] = [];
    for (const name of names.filter((each) => probed.includes(each))) {
      if (!(await this.#has(place, name, { [name]: now[name] }))) unsupported.push(name);
    }
    return unsupported;
  }

  async #has(place: PlacedVf, name: VfSettingName, asItIs: VfChange): Promise<boolean> {
    const key = `${place.pf} ${name}`;
    const known = this.#abilities.get(key);
    if (known !== undefined) return known;
    let has = true;
    for (const { command } of vfCommands(asItIs, place)) {
      try {
        await this.#run(command);
      } catch (error) {
        if (notSupported.test(String(error))) has = false;
      }
    }
    this.#abilities.set(key, has);
    return has;
  }

  async #settings(place: PlacedVf): Promise<VfState['settings']> {
    const command = ['ip', '-json', '-details', 'link', 'show', 'dev', place.pfIfname];
    const found = vfSettingsIn(await this.#ask(command, place.address), place.vfNum);
    if (found !== undefined) return found;
    throw new ComputeError(
      'unavailable',
      `VF ${place.address}: its PF ${place.pfIfname} does not list VF ${place.vfNum}`,
    );
  }

  async #ask(command: string[], address: PciAddress): Promise<string> {
    try {
      return await this.#run(command);
    } catch (cause) {
      const message = `VF ${address}: "${command.join(' ')}": ${errorText(cause)}`;
      throw new ComputeError('unavailable', message, { cause });
    }
  }

  async #own(address: PciAddress): Promise<VfInterface | null> {
    const own = await readInterface(join(this.#devices, address));
    if (own === null) return null;
    const file = (name: string) => readText(join(own.folder, name));
    return {
      ifname: own.name,
      macAddress: (await file('address')) ?? noMac,
      // 0: permanent, which for a VF means assigned by its PF. Source: Linux `NET_ADDR_PERM`.
      isMacGiven: (await file('addr_assign_type')) === '0',
      isUp: isUp(await file('flags')),
    };
  }

  async #place(address: PciAddress): Promise<PlacedVf> {
    const pf = await linkedName(join(this.#devices, address, 'physfn'));
    const facts = pf === null ? null : await pfReader(this.#devices)(pf as PciAddress);
    const vfNum = facts?.vfNums.get(address);
    const pfIfname = facts?.interfaces[0]?.name;
    if (pf !== null && pfIfname !== undefined && vfNum !== undefined) {
      return { address, pf, pfIfname, vfNum };
    }
    throw new ComputeError(
      'unavailable',
      `PCI device ${address} is not a VF of a PF with a network interface`,
    );
  }

  async #refusal(
    place: PlacedVf,
    { command, change }: { command: string[]; change: VfChange },
    cause: unknown,
  ): Promise<ComputeError> {
    const reason = errorText(cause);
    const what = `VF ${place.address}: ${printVfChange(change)}`;
    if (!notSupported.test(reason)) {
      const message = `${what}: refused by "${command.join(' ')}": ${reason}`;
      return new ComputeError('unavailable', message, { cause });
    }
    const driver = await linkedName(join(this.#devices, place.pf, 'driver'));
    return new ComputeError(
      'unavailable',
      `${what}: driver ${driver ?? 'none'} of ${place.pfIfname} has no such setting (${reason}): leave it at its default, or use another NIC`,
      { cause },
    );
  }
}
