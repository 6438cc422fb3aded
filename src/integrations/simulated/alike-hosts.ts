/** What is computed once for simulated hosts that differ in names and MACs only. */
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import type { HostFaults } from './host-faults.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** A host as its checks see it. */
export interface CheckedHost {
  machine: SimulatedHost;
  faults: Pick<HostFaults, 'any'>;
  deviceSpecs: readonly DeviceSpec[];
}

/** The hosts of one fleet. One with faults or other devices than at first is like none of them. */
export class AlikeHosts {
  readonly #functions: ReadonlyMap<SimulatedHost, readonly PciFunction[]>;
  readonly #deviceSpecs: readonly DeviceSpec[];
  #problems: readonly HostProblem[] | undefined;

  constructor(hosts: readonly SimulatedHost[], deviceSpecs: readonly DeviceSpec[]) {
    this.#functions = new Map(hosts.map((host) => [host, host.functions]));
    this.#deviceSpecs = deviceSpecs;
  }

  /** The host's problems; `check` finds them where no host like it has been checked. */
  problems(host: CheckedHost, check: () => HostProblem[]): HostProblem[] {
    if (!this.#isAsMade(host)) return check();
    this.#problems ??= check();
    return [...this.#problems];
  }

  #isAsMade({ machine, faults, deviceSpecs }: CheckedHost): boolean {
    const isSameMachine = this.#functions.get(machine) === machine.functions;
    return isSameMachine && this.#deviceSpecs === deviceSpecs && !faults.any;
  }
}
