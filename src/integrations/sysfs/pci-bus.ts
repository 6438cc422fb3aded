/** The PCI functions of this machine from sysfs below a root path, and the settings of its VFs through `ip`. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PciBus, UnreadableFunction } from '#contracts/pci-bus.ts';
import { ComputeError } from '#core/errors.ts';
import type { VfStep } from '#core/guests/step.ts';
import { type PciAddress, tryParsePciAddress } from '#core/pci/address.ts';
import type { PciFunction } from '#core/pci/device.ts';
import { readFunction, readIfname, readVfNum } from './read-function.ts';
import { type VfPlace, vfCommand } from './vf-command.ts';

export interface SysfsPciBusOptions {
  /** Where sysfs is. Example: `/sys`, or a folder with a captured tree. */
  root: string;
  /** Runs a command of the host; throws when it fails. Default: really. */
  run?: (command: string[]) => Promise<void>;
}

export class SysfsPciBus implements PciBus {
  readonly #devices: string;
  readonly #run: (command: string[]) => Promise<void>;

  constructor(options: SysfsPciBusOptions) {
    this.#devices = join(options.root, 'bus/pci/devices');
    this.#run = options.run ?? runOnHost;
  }

  async listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }> {
    const names = (await this.#list()).sort();
    const read = await Promise.all(names.map((name) => this.#read(name)));
    return {
      functions: read.flatMap((each) => ('problem' in each ? [] : [each])),
      unreadable: read.flatMap((each) => ('problem' in each ? [each] : [])),
    };
  }

  ifnameOf(address: PciAddress): Promise<string | null> {
    return readIfname(join(this.#devices, address));
  }

  async applyVfStep(step: VfStep): Promise<void> {
    const command = vfCommand(step, await this.#place(step.address));
    if (command === undefined) return;
    try {
      await this.#run(command);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new ComputeError(
        'unavailable',
        `VF ${step.address}: "${command.join(' ')}": ${words}`,
        {
          cause: error,
        },
      );
    }
  }

  /** A machine without PCI has no such folder: no functions, no error. */
  async #list(): Promise<string[]> {
    try {
      return await readdir(this.#devices);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const words = error instanceof Error ? error.message : String(error);
      throw new ComputeError('unavailable', `PCI devices cannot be listed: ${words}`, {
        cause: error,
      });
    }
  }

  async #read(name: string): Promise<PciFunction | UnreadableFunction> {
    const address = tryParsePciAddress(name);
    if (address === undefined) return { address: name, problem: 'its name is no PCI address' };
    try {
      return await readFunction(this.#devices, address);
    } catch (error) {
      return { address, problem: error instanceof Error ? error.message : String(error) };
    }
  }

  async #place(address: PciAddress): Promise<VfPlace> {
    const read = await this.#read(address);
    const parent = 'problem' in read ? null : read.parentAddress;
    const pfIfname = parent === null ? null : await this.ifnameOf(parent);
    const vfNum = parent === null ? undefined : await readVfNum(this.#devices, parent, address);
    if ('problem' in read || pfIfname === null || vfNum === undefined) {
      throw new ComputeError(
        'unavailable',
        `PCI device ${address} is no VF of a PF with a network interface`,
      );
    }
    return { pfIfname, vfNum, ifname: read.ifname };
  }
}

async function runOnHost([program = '', ...args]: string[]): Promise<void> {
  await promisify(execFile)(program, args);
}
