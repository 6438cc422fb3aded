/**
 * The hypervisor's data on the host's devices, beside sysfs: queried only for those that a device
 * spec may admit. One unknown to it is not offered. While it cannot answer, its last answer counts,
 * and without one sysfs is enough.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import { errorText } from '#core/errors.ts';
import { nodeDeviceProblems } from '#core/hosts/check-node-devices.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import {
  type NodeCapabilities,
  withNodeCapabilities,
} from '#core/pci/devices/node-capabilities.ts';

export interface NodeStateOptions {
  nodeDevices?: NodeDevices | undefined;
  /**
   * How long a function that the kernel has just created may stay unknown before it is reported so:
   * the hypervisor gets it from udev. Milliseconds. Default: two seconds.
   */
  nodeWaitMs?: number;
}

const pollMs = 100;

export class NodeStates {
  readonly #options: NodeStateOptions;
  #problems: HostProblem[] = [];
  /** Functions unknown at the last read: they are not waited for again. */
  #unknown: ReadonlySet<PciAddress> = new Set();
  /** Of functions that it reports something of. */
  #answered: ReadonlyMap<PciAddress, NodeCapabilities> = new Map();

  constructor(options: NodeStateOptions) {
    this.#options = options;
  }

  /** The problems at the last read. */
  get problems(): readonly HostProblem[] {
    return this.#problems;
  }

  /**
   * The host's functions with the hypervisor's data on those that `isWanted` admits; the same
   * functions when there are none to query. Never throws: a failed query is a problem, and the last
   * answer counts.
   */
  async complete(
    functions: readonly PciFunction[],
    isWanted: (fn: PciFunction) => boolean,
  ): Promise<readonly PciFunction[]> {
    const { nodeDevices } = this.#options;
    if (nodeDevices === undefined) return functions;
    const wanted = functions.filter(isWanted);
    try {
      const answered = await this.#describe(nodeDevices, wanted);
      const known = new Set(answered.keys());
      this.#answered = new Map([...answered].filter(([, found]) => Object.keys(found).length > 0));
      this.#problems = nodeDeviceProblems({ state: 'listed', known }, wanted);
    } catch (error) {
      const why = errorText(error);
      this.#problems = nodeDeviceProblems({ state: 'unlisted', why }, wanted);
    }
    return this.#withLastAnswer(functions);
  }

  /**
   * For a hypervisor that does not answer at all, which is a problem already: nothing is queried,
   * and the functions are returned with its last answer.
   */
  skip(functions: readonly PciFunction[]): readonly PciFunction[] {
    this.#problems = [];
    return this.#withLastAnswer(functions);
  }

  /**
   * Calls the listener when the hypervisor reports devices, until the returned function is called.
   */
  watch(listener: () => void): () => void {
    return this.#options.nodeDevices?.watch(listener) ?? (() => undefined);
  }

  /** The answer for a function that is gone is dropped: another card may get its address. */
  #withLastAnswer(functions: readonly PciFunction[]): readonly PciFunction[] {
    const here = new Set(functions.map(({ address }) => address));
    this.#unknown = new Set([...this.#unknown].filter((address) => here.has(address)));
    this.#answered = new Map([...this.#answered].filter(([address]) => here.has(address)));
    return functions.map((fn) => {
      const answer = this.#answered.get(fn.address);
      if (answer === undefined && !this.#unknown.has(fn.address)) return fn;
      return withNodeCapabilities(fn, answer);
    });
  }

  async #describe(
    nodeDevices: NodeDevices,
    wanted: readonly PciFunction[],
  ): Promise<Map<PciAddress, NodeCapabilities>> {
    const { nodeWaitMs = 2_000 } = this.#options;
    const end = performance.now() + nodeWaitMs;
    for (;;) {
      const known = await nodeDevices.describe(wanted);
      const addresses = wanted.map(({ address }) => address);
      const unknown = addresses.filter((address) => !known.has(address));
      const isOld = unknown.every((address) => this.#unknown.has(address));
      if (isOld || performance.now() >= end) {
        this.#unknown = new Set(unknown);
        return known;
      }
      await delay(pollMs);
    }
  }
}
