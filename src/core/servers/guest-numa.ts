/**
 * The NUMA topology that a server requests through its flavor and image. Where it fits is decided
 * in `scheduling/numa-fit.ts`.
 */
import { ComputeError } from '../errors.ts';
import { type NumaPolicy, numaPolicies } from '../pci/requests/request.ts';
import type { Flavor } from './flavor.ts';

/** One NUMA node of the guest. */
export interface GuestNumaCell {
  vcpus: number;
  memoryMib: number;
}

/** `isPinned`: each vcpu gets a dedicated processor of the host. */
export interface GuestNuma {
  isPinned: boolean;
  cells: GuestNumaCell[];
}

/** Values a flavor's extra spec and an image property may both set. */
type Properties = Readonly<Record<string, string>>;

/**
 * null: none requested, and NUMA policies of PCI requests do not apply. Example: `hw:numa_nodes` 2
 * with 4 vcpus → two cells of 2. Throws `invalid` for values that cannot be met. Source: Nova
 * `hardware.numa_get_constraints`.
 */
export function guestNumaOf(flavor: Flavor, imageProperties: Properties = {}): GuestNuma | null {
  const cpuPolicy = either(flavor, imageProperties, 'cpu_policy') ?? 'shared';
  const nodes = either(flavor, imageProperties, 'numa_nodes');
  if (cpuPolicy !== 'shared' && cpuPolicy !== 'dedicated') {
    throw refused('cpu_policy', cpuPolicy, 'must be shared or dedicated');
  }
  const isPinned = cpuPolicy === 'dedicated';
  refuseThreadPolicy(flavor, imageProperties);
  if (nodes === undefined && !isPinned) return null;
  const count = nodes === undefined ? 1 : Number(nodes);
  if (!/^[1-9]\d*$/.test(nodes ?? '1')) {
    throw refused('numa_nodes', nodes ?? '', 'must be a whole number of at least 1');
  }
  if (flavor.vcpus % count !== 0 || flavor.memoryMib % count !== 0) {
    throw refused(
      'numa_nodes',
      String(count),
      `${flavor.vcpus} vcpus and ${flavor.memoryMib} MiB cannot be divided evenly`,
    );
  }
  const cell = { vcpus: flavor.vcpus / count, memoryMib: flavor.memoryMib / count };
  return { isPinned, cells: Array.from({ length: count }, () => cell) };
}

/**
 * The NUMA policy for devices of this server whose port or alias has none of its own, or null.
 * Throws `invalid` when it is not a policy, or flavor and image differ. Source: Nova
 * `get_pci_numa_policy_constraint`.
 */
export function affinityPolicyOf(flavor: Flavor, imageProperties: Properties): NumaPolicy | null {
  const text = either(flavor, imageProperties, 'pci_numa_affinity_policy');
  if (text === undefined) return null;
  const policy = numaPolicies.find((one) => one === text);
  if (policy !== undefined) return policy;
  throw refused('pci_numa_affinity_policy', text, `must be one of ${numaPolicies.join(', ')}`);
}

/** `hw:KEY` of the flavor or `hw_KEY` of the image; if both are set they must be equal. */
function either(flavor: Flavor, imageProperties: Properties, key: string): string | undefined {
  const ofFlavor = flavor.extraSpecs[`hw:${key}`];
  const ofImage = imageProperties[`hw_${key}`];
  if (ofFlavor === undefined || ofImage === undefined || ofFlavor === ofImage) {
    return ofFlavor ?? ofImage;
  }
  throw refused(key, ofFlavor, `the image asks for ${ofImage}; they must be the same`);
}

function refuseThreadPolicy(flavor: Flavor, imageProperties: Properties): void {
  const policy = either(flavor, imageProperties, 'cpu_thread_policy') ?? 'prefer';
  if (policy !== 'prefer') throw refused('cpu_thread_policy', policy, 'only prefer is offered');
}

function refused(key: string, value: string, rule: string): ComputeError {
  return new ComputeError('invalid', `hw:${key} "${value}": ${rule}`);
}
