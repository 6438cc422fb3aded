/**
 * The placement of a guest's processors and memory on its host, as libvirt's `<cputune>`,
 * `<numatune>` and `<cpu><numa>`.
 */
import type { Guest } from '#core/guests/description/guest.ts';
import { element, type XmlElement } from './xml.ts';

/**
 * The elements of a guest with a NUMA topology; none for one without. Vcpus are numbered through
 * the cells in order; memory is taken strictly from the cell's host node. Source: libvirt "Domain
 * XML format", "CPU Tuning", "NUMA Node Tuning".
 */
export function numaTuning({ numa = [] }: Guest): XmlElement[] {
  if (numa.length === 0) return [];
  const pins = numa.flatMap(({ cpus }) => cpus);
  const pinned = element(
    'cputune',
    {},
    pins.map((cpu, vcpu) => element('vcpupin', { vcpu, cpuset: cpu })),
  );
  const nodeset = numa.map(({ node }) => node).join(',');
  const tuned = element('numatune', {}, [
    element('memory', { mode: 'strict', nodeset }),
    ...numa.map(({ node }, cellid) =>
      element('memnode', { cellid, mode: 'strict', nodeset: node }),
    ),
  ]);
  return pins.length === 0 ? [tuned] : [pinned, tuned];
}

/** The guest's NUMA cells, inside its `<cpu>`; null without a NUMA topology. */
export function numaCells({ numa = [] }: Guest): XmlElement | null {
  if (numa.length === 0) return null;
  let first = 0;
  const cells = numa.map(({ vcpus, memoryMib }, id) => {
    const cpus = vcpus === 1 ? `${first}` : `${first}-${first + vcpus - 1}`;
    first += vcpus;
    return element('cell', { id, cpus, memory: memoryMib, unit: 'MiB' });
  });
  return element('numa', {}, cells);
}
