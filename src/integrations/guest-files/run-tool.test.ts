import { expect, test } from 'vitest';
import { runTool } from './run-tool.ts';

const shell = (script: string) =>
  runTool({ program: 'sh', args: ['-c', script], debianPackage: 'dash' });

test('a program returns its output', async () => {
  expect(await shell('echo "$LC_ALL"')).toBe('C\n');
});

test('a program that fails is quoted: the end of its output is the reason', async () => {
  await expect(
    shell('echo trying >&2; echo "No space left on device" >&2; exit 3'),
  ).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'No space left on device',
    exitCode: 3,
    isMissing: false,
  });
  await expect(shell('exit 4')).rejects.toMatchObject({ message: 'sh ended with 4', exitCode: 4 });
});

test('a program that the host does not have is named with its package', async () => {
  const tool = { program: 'no-such-program', args: [], debianPackage: 'qemu-utils' };
  await expect(runTool(tool)).rejects.toMatchObject({
    message: 'no-such-program is not on this host: install the Debian package qemu-utils',
    isMissing: true,
  });
});
