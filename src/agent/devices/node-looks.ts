/**
 * What the hypervisor knows of the host's devices, beside sysfs: asked for those alone that a
 * device spec may admit. One that it does not know is offered to nobody; where it cannot say, sysfs
 * is enough.
 */
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import { nodeDeviceProblems } from '#core/hosts/check-node-devices.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import { withNodeCapabilities } from '#core/pci/devices/node-capabilities.ts';

export class NodeLooks {
  readonly #nodeDevices: NodeDevices | undefined;
  #problems: HostProblem[] = [];

  constructor({ nodeDevices }: { nodeDevices?: NodeDevices | undefined }) {
    this.#nodeDevices = nodeDevices;
  }

  /** What was wrong at the last look. */
  get problems(): readonly HostProblem[] {
    return this.#problems;
  }

  /**
   * The host's functions with what the hypervisor says of those that `isWanted` admits; the same
   * functions where there is nothing to ask. Never throws: that it cannot say is a problem.
   */
  async complete(
    functions: readonly PciFunction[],
    isWanted: (fn: PciFunction) => boolean,
  ): Promise<readonly PciFunction[]> {
    if (this.#nodeDevices === undefined) return functions;
    const wanted = functions.filter(isWanted);
    try {
      const known = await this.#nodeDevices.describe(wanted);
      const addresses = new Set(known.keys());
      this.#problems = nodeDeviceProblems({ state: 'listed', known: addresses }, wanted);
      const asked = new Set(wanted);
      return functions.map((fn) =>
        asked.has(fn) ? withNodeCapabilities(fn, known.get(fn.address)) : fn,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#problems = nodeDeviceProblems({ state: 'unlisted', why }, wanted);
      return functions;
    }
  }

  /** For a hypervisor that does not answer at all, which is a problem already: nothing is asked. */
  skip(): void {
    this.#problems = [];
  }

  /** Calls the listener when the hypervisor reports devices, until the returned function is called. */
  watch(listener: () => void): () => void {
    return this.#nodeDevices?.watch(listener) ?? (() => undefined);
  }
}
