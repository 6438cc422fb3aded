import { expect, test } from 'vitest';
import { askProgram, ProgramFailure, programRunner, runProgram } from './run-program.ts';

const limits = { timeoutMs: 20_000 };
const sh = (script: string, more: object = {}) =>
  runProgram(['sh', '-c', script], { ...limits, ...more });

test('standard output is returned, with messages in plain English', async () => {
  expect(await sh('echo $LC_ALL; echo ignored >&2')).toBe('C\n');
});

test('a program gets only the environment that it needs', async () => {
  expect((await runProgram(['env'], limits)).split('\n').toSorted()).toEqual([
    '',
    'LC_ALL=C',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
});

test('a runner keeps its limits', async () => {
  expect(await askProgram(['echo', 'hello'])).toBe('hello\n');
  const run = programRunner({ timeoutMs: 20_000, maxOutputBytes: 3 });
  await expect(run(['echo', 'hello'])).rejects.toMatchObject({ how: 'failed' });
});

test.each([
  {
    name: 'no such program',
    act: () => runProgram(['novella-has-no-such-program'], limits),
    gives: { how: 'missing', code: 'ENOENT', message: /^program novella-\S+ is not installed$/ },
  },
  {
    name: 'a message on standard error',
    act: () => sh('echo one >&2; echo two >&2; exit 3'),
    gives: { how: 'failed', code: 3, message: /^one; two$/ },
  },
  {
    name: 'no message',
    act: () => sh('exit 4'),
    gives: { how: 'failed', code: 4, message: /^sh ended with 4$/ },
  },
  {
    name: 'a time-out',
    act: () => sh('exec sleep 60', { timeoutMs: 50 }),
    gives: { how: 'timed out', code: null, message: /^timed out after 0.05 s$/ },
  },
  {
    name: 'a time-out of a program that ignores SIGTERM',
    act: () => sh('trap "" TERM; sleep 60; true', { timeoutMs: 50 }),
    gives: { how: 'timed out', code: null, message: /^timed out after 0.05 s$/ },
  },
  {
    name: 'a time-out of a program that ends with success on SIGTERM',
    act: () => sh('trap "exit 0" TERM; echo half; sleep 60 & wait', { timeoutMs: 50 }),
    gives: { how: 'timed out', code: null, message: /^timed out after 0.05 s$/ },
  },
  {
    name: 'a signal',
    act: () => sh('kill -SEGV $$'),
    gives: { how: 'failed', code: null, message: /^sh was killed by SIGSEGV$/ },
  },
  {
    name: 'a signal after a message',
    act: () => sh('echo one >&2; kill -KILL $$'),
    gives: { how: 'failed', code: null, message: /^sh was killed by SIGKILL: one$/ },
  },
  {
    name: 'too much output',
    act: () => sh('head -c 2000 /dev/zero', { maxOutputBytes: 1000 }),
    gives: { how: 'failed', code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER', message: /MAXBUFFER$/ },
  },
])('$name', async ({ act, gives: { how, code, message } }) => {
  const failure: unknown = await act().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProgramFailure);
  expect(failure).toMatchObject({ how, code, message: expect.stringMatching(message) });
});
