/** The network interfaces of a simulated host: all that anything of it names, with jumbo frames. */
import type { HostLinks } from '#contracts/host/host-links.ts';
import type { HostInterface } from '#core/guests/moves/link-problems.ts';
import { HostFaults } from '../host-faults.ts';
import type { SimulatedHost } from '../simulated-host.ts';

const usualMtu = 9_000;
/** The smallest of IPv6. */
const lowMtu = 1_280;

export class SimulatedLinks implements HostLinks {
  readonly #host: Pick<SimulatedHost, 'functions'>;
  readonly #faults: HostFaults;

  constructor(host: Pick<SimulatedHost, 'functions'>, faults = new HostFaults()) {
    this.#host = host;
    this.#faults = faults;
  }

  async interfaceNamed(name: string): Promise<HostInterface | null> {
    const isOfFunction = this.#host.functions.some(({ ifname }) => ifname === name);
    if (!isOfFunction && this.#faults.has('no-bridges')) return null;
    const mtu = this.#faults.has('low-mtu') ? lowMtu : usualMtu;
    return { mtu, uplinks: isOfFunction ? [] : [{ name: `${name}-up`, mtu }] };
  }
}
