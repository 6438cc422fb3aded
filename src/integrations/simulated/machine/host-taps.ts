/** The taps of a simulated host, and the ports of its Open vSwitch. */
import type { HostTaps } from '#contracts/host/host-taps.ts';
import { ComputeError } from '#core/errors.ts';
import type { HostTap } from '#core/guests/description/host-tap.ts';

export interface SimulatedTapsOptions {
  /** Whether Open vSwitch has this bridge. Default: it has all. */
  hasBridge?: (bridge: string) => boolean;
}

export class SimulatedTaps implements HostTaps {
  readonly #options: SimulatedTapsOptions;
  readonly #taps = new Map<string, HostTap>();

  constructor(options: SimulatedTapsOptions = {}) {
    this.#options = options;
  }

  async ensureTap(tap: HostTap): Promise<void> {
    const { hasBridge = () => true } = this.#options;
    if (tap.ovs !== null && !hasBridge(tap.ovs.bridge)) {
      throw new ComputeError('unavailable', `Open vSwitch has no bridge ${tap.ovs.bridge}`);
    }
    this.#taps.set(tap.devName, tap);
  }

  async removeTap({ devName }: HostTap): Promise<void> {
    this.#taps.delete(devName);
  }

  /** The names of the current taps. */
  get names(): string[] {
    return [...this.#taps.keys()];
  }

  /** The current taps that are ports of this bridge. */
  portsOf(bridge: string): string[] {
    return [...this.#taps.values()].flatMap(({ devName, ovs }) =>
      ovs?.bridge === bridge ? [devName] : [],
    );
  }
}
