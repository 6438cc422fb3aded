import { expect, test } from 'vitest';
import { aFlavor } from '#test/worlds/store-rows.ts';
import { affinityPolicyOf, guestNumaOf } from './guest-numa.ts';

type Properties = Record<string, string>;
const flavor = (extraSpecs: Properties) => aFlavor({ vcpus: 4, memoryMib: 1024, extraSpecs });

const cell = { vcpus: 2, memoryMib: 512 };
const whole = { vcpus: 4, memoryMib: 1024 };

test.each<{ name: string; specs: Properties; image?: Properties; gives: unknown }>([
  { name: 'nothing requested', specs: {}, gives: null },
  {
    name: 'two nodes',
    specs: { 'hw:numa_nodes': '2' },
    gives: { isPinned: false, cells: [cell, cell] },
  },
  {
    name: 'pinned without nodes: one node',
    specs: { 'hw:cpu_policy': 'dedicated' },
    gives: { isPinned: true, cells: [whole] },
  },
  {
    name: 'from the image',
    specs: {},
    image: { hw_numa_nodes: '1' },
    gives: { isPinned: false, cells: [whole] },
  },
  { name: 'shared processors', specs: { 'hw:cpu_policy': 'shared' }, gives: null },
])('$name', ({ specs, image, gives }) => {
  expect(guestNumaOf(flavor(specs), image)).toEqual(gives);
});

test.each<{ specs: Properties; image?: Properties; message: string }>([
  { specs: { 'hw:numa_nodes': '3' }, message: 'hw:numa_nodes "3": 4 vcpus and 1024 MiB' },
  { specs: { 'hw:numa_nodes': '0' }, message: 'at least 1' },
  { specs: { 'hw:cpu_policy': 'mixed' }, message: 'hw:cpu_policy "mixed"' },
  { specs: { 'hw:cpu_thread_policy': 'isolate' }, message: 'only prefer' },
  {
    specs: { 'hw:numa_nodes': '2' },
    image: { hw_numa_nodes: '1' },
    message: 'the image asks for 1',
  },
])('$specs is refused: $message', ({ specs, image, message }) => {
  expect(() => guestNumaOf(flavor(specs), image)).toThrow(message);
});

test('the NUMA policy comes from the flavor or the image, and an unknown value is refused', () => {
  const key = 'hw:pci_numa_affinity_policy';
  expect(affinityPolicyOf(flavor({}), {})).toBeNull();
  expect(affinityPolicyOf(flavor({ [key]: 'socket' }), {})).toBe('socket');
  expect(affinityPolicyOf(flavor({}), { hw_pci_numa_affinity_policy: 'legacy' })).toBe('legacy');
  expect(() => affinityPolicyOf(flavor({ [key]: 'near' }), {})).toThrow('must be one of');
});
