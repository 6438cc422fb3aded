import { expect, test } from 'vitest';
import { hypervisorFacts } from './capabilities.ts';

/** From libvirt 11.3 on the emulated igb host with two NUMA nodes, shortened. */
const capabilities = `<capabilities>
  <host>
    <uuid>7163610a-2777-4c86-83c2-439a66670d87</uuid>
    <cpu>
      <arch>x86_64</arch>
      <model>Opteron_G2-v1</model>
      <topology sockets='1' dies='1' clusters='1' cores='2' threads='1'/>
      <feature name='svm'/>
    </cpu>
    <topology>
      <cells num='2'>
        <cell id='0'>
          <memory unit='KiB'>1497088</memory>
          <cpus num='1'>
            <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0'/>
          </cpus>
        </cell>
        <cell id='1'>
          <memory unit='KiB'>1548288</memory>
          <cpus num='2'>
            <cpu id='1' socket_id='1' die_id='0' core_id='0' siblings='1'/>
            <cpu id='2'/>
          </cpus>
        </cell>
      </cells>
    </topology>
  </host>
</capabilities>`;

test('the facts of a host are those that libvirt reports', () => {
  const host = { type: 'QEMU', version: 10_000_013, capabilities, cpus: 3, memoryKib: 3_045_376 };
  expect(hypervisorFacts(host, 120)).toEqual({
    type: 'QEMU',
    version: 10_000_013,
    vcpus: 3,
    memoryMib: 2_974,
    diskGib: 120,
    cpuModel: 'Opteron_G2-v1',
    architecture: 'x86_64',
    numaNodes: [
      { id: 0, socket: 0, cpus: [0], dedicatedCpus: [], memoryMib: 1_462 },
      { id: 1, socket: 1, cpus: [1, 2], dedicatedCpus: [], memoryMib: 1_512 },
    ],
  });
});

test('a host without processor facts has none', () => {
  const host = {
    type: 'QEMU',
    version: 1,
    capabilities: '<capabilities/>',
    cpus: 1,
    memoryKib: 1024,
  };
  expect(hypervisorFacts(host, 1)).toMatchObject({ cpuModel: 'unknown', architecture: 'unknown' });
  expect(hypervisorFacts(host, 1)).not.toHaveProperty('numaNodes');
});

test.each([
  { name: 'all of one socket', given: ["socket_id='1'", "socket_id='1'"], socket: 1 },
  { name: 'one that is off', given: ["socket_id='0'", ''], socket: 0 },
  { name: 'several sockets', given: ["socket_id='0'", "socket_id='1'"], socket: null },
  { name: 'no socket numbers', given: ['', ''], socket: null },
  { name: 'memory only', given: [], socket: null },
])('a NUMA node whose processors are of $name', ({ given, socket }) => {
  const cpus = given.map((expected, id) => `<cpu id='${id}' ${expected}/>`).join('');
  const cell = `<cell id='0'><memory unit='KiB'>1024</memory><cpus>${cpus}</cpus></cell>`;
  const text = `<capabilities><host><topology><cells>${cell}</cells></topology></host></capabilities>`;
  const host = { type: 'QEMU', version: 1, capabilities: text, cpus: 2, memoryKib: 1024 };
  expect(hypervisorFacts(host, 1).numaNodes).toMatchObject([{ id: 0, socket }]);
});
