import { expect, test } from 'vitest';
import { ProgramFailure, type RunProgram } from '#runtime/run-program.ts';
import { askLibvirt, askNodeDevices, askQemu } from './ask-programs.ts';

const uri = 'qemu:///system';
const failing =
  (failure: Partial<Pick<ProgramFailure, 'how' | 'stderr'>>): RunProgram =>
  async () => {
    const code = failure.how === 'missing' ? 'ENOENT' : 1;
    const parts = { how: 'failed', code, stderr: '', ...failure } as const;
    throw new ProgramFailure('Command failed', parts, undefined);
  };

test('libvirt answers with its version', async () => {
  const printed =
    'Compiled against library: libvirt 11.3.0\nRunning hypervisor: QEMU 10.0.3\nRunning against daemon: 11.3.0\n\n';
  const requests: string[][] = [];
  const run: RunProgram = async (command) => {
    requests.push([...command]);
    return printed;
  };
  expect(await askLibvirt(run, uri)).toEqual({ uri, state: 'answers', version: '11.3.0' });
  expect(requests).toEqual([['virsh', '--connect', uri, '--readonly', 'version', '--daemon']]);
});

test.each([
  {
    name: 'no virsh',
    run: failing({ how: 'missing' }),
    state: 'not installed',
    why: 'no virsh, so no libvirt, is installed',
  },
  {
    name: 'no daemon',
    run: failing({
      stderr:
        "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/s': No such file or directory\n",
    }),
    state: 'silent',
    why: "Failed to connect socket to '/s': No such file or directory",
  },
  { name: 'killed', run: failing({ stderr: '' }), state: 'silent', why: 'Command failed' },
  {
    name: 'another program of this name',
    run: (async () => 'hello') as RunProgram,
    state: 'silent',
    why: 'virsh does not report its version',
  },
])('libvirt, $name: $state', async ({ run, state, why }) => {
  expect(await askLibvirt(run, uri)).toEqual({ uri, state, why });
});

test('the PCI functions that libvirt knows are listed by address', async () => {
  const run: RunProgram = async (command) =>
    command.includes('nodedev-list') ? 'pci_0000_01_10_2\npci_10000_e1_00_0\npci_odd\n\n' : '';
  expect(await askNodeDevices(run, uri)).toEqual({
    state: 'listed',
    known: new Set(['0000:01:10.2', '10000:e1:00.0']),
  });
});

test.each([
  {
    name: 'no driver',
    run: failing({
      stderr:
        'error: Failed to count node devices\nerror: this function is not supported by the connection driver\n',
    }),
    why: 'this function is not supported by the connection driver',
  },
  {
    name: 'an empty list',
    run: (async () => '\n') as RunProgram,
    why: 'libvirt lists no PCI function',
  },
  { name: 'killed', run: failing({ stderr: '' }), why: 'Command failed' },
])('node devices, $name: unlisted', async ({ run, why }) => {
  expect(await askNodeDevices(run, uri)).toEqual({ state: 'unlisted', why });
});

test.each([
  ['x64', 'qemu-system-x86_64'],
  ['arm64', 'qemu-system-aarch64'],
])('QEMU of %s is %s', async (architecture, program) => {
  const run: RunProgram = async ([request]) =>
    request === program ? 'QEMU emulator version 10.0.3 (Debian 1:10.0.3)\n' : '';
  expect(await askQemu(run, architecture)).toBe('10.0.3');
});

test('no QEMU, or one that prints nothing, has no version', async () => {
  expect(await askQemu(failing({ how: 'missing' }), 'x64')).toBeNull();
  expect(await askQemu(async () => 'hm', 'x64')).toBeNull();
});
