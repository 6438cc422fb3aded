import { expect, test } from 'vitest';
import { ProgramFailure, type RunProgram } from '#runtime/run-program.ts';
import { nodeDevicesHere } from './node-devices.ts';

const uri = 'qemu:///system';
const failing =
  (how: 'missing' | 'failed', stderr = ''): RunProgram =>
  async () => {
    throw new ProgramFailure('Command failed', { how, code: 1, stderr }, undefined);
  };

test('the functions that a reachable libvirt knows', async () => {
  const run: RunProgram = async (command) =>
    command.includes('version') ? 'Running against daemon: 11.3.0\n' : 'pci_0000_01_10_2\n';
  expect(await nodeDevicesHere(uri, run)).toEqual({
    state: 'listed',
    known: new Set(['0000:01:10.2']),
  });
});

test('a libvirt that cannot be reached gives the reason', async () => {
  const why = "Failed to connect socket to '/s': No such file or directory";
  const run = failing('failed', `error: failed to connect to the hypervisor\nerror: ${why}\n`);
  expect(await nodeDevicesHere(uri, run)).toEqual({ state: 'unlisted', why });
});

test('a machine without libvirt has none to ask', async () => {
  expect(await nodeDevicesHere(uri, failing('missing'))).toBeUndefined();
});
