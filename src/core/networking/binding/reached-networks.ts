/** The physical networks that a host is connected to: what the network service may bind there. */
import type { DeviceSpec } from '../../pci/specs/device-spec.ts';

/**
 * The tags `physical_network` of its device specs and the networks of its bridges, each once,
 * sorted. Example: specs tagged physnet2 and null, a bridge on physnet1 → `['physnet1',
 * 'physnet2']`.
 */
export function reachedNetworks(
  deviceSpecs: readonly Pick<DeviceSpec, 'tags'>[],
  bridged: readonly string[],
): string[] {
  const tagged = deviceSpecs.map(({ tags }) => tags['physical_network']);
  return [...new Set([...tagged.filter((name) => typeof name === 'string'), ...bridged])].sort();
}
