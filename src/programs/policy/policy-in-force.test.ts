import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type RecordedLog, recordedLog } from '#test/recorded-log.ts';
import { type PolicyInForce, policyInForce } from './policy-in-force.ts';

let folder: string;
let path: string;
let log: RecordedLog;
let policy: PolicyInForce | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-policy-'));
  path = join(folder, 'policy.yaml');
  log = recordedLog();
});
afterEach(() => {
  policy?.stop();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const rule = 'os_compute_api:os-hypervisors:list';
const reader = { roles: ['reader'], projectId: 'p', userId: 'u', domainId: 'd' };
const isOpen = () => policy?.current().mayAllow(rule, reader) === true;
const write = (check: string) => writeFileSync(path, `${rule}: "${check}"\n`);
const start = (isNamed: boolean) => {
  policy = policyInForce({ path, isNamed }, log, 5);
};

test('a change is taken over, also of a file that is replaced', async () => {
  write('role:reader');
  start(true);
  expect(isOpen()).toBe(true);
  write('role:admin');
  await vi.waitUntil(() => !isOpen());
  writeFileSync(join(folder, 'new'), `${rule}: role:reader\n`);
  renameSync(join(folder, 'new'), path);
  await vi.waitUntil(isOpen);
  expect(log.entries).toEqual(Array(3).fill('info the rules of the policy file are in force'));
});

test('a wrong change leaves the rules, and is logged with the mistake', async () => {
  write('role:reader');
  start(true);
  write('role:reader and');
  await vi.waitUntil(() => log.entries.length === 2);
  expect(isOpen()).toBe(true);
  expect(log.entries[1]).toBe(
    `error the rules stay as they were: ${path}:1 ${rule}: column 16 of the check: expected a check such as role:member, found the end`,
  );
  rmSync(path);
  await vi.waitUntil(() => log.entries.length === 3);
  expect(isOpen()).toBe(true);
  write('role:admin');
  await vi.waitUntil(() => !isOpen());
});

test('a file that is still being written changes nothing, even where its first half is valid', () => {
  vi.useFakeTimers();
  write('role:reader');
  start(true);
  writeFileSync(path, '# first half\n');
  vi.advanceTimersByTime(5);
  writeFileSync(path, `# first half\nadmin_api: role:ops\n`);
  vi.advanceTimersByTime(5);
  writeFileSync(path, `# first half\nadmin_api: role:ops\n${rule}: role:reader\n`);
  vi.advanceTimersByTime(5);
  expect(isOpen()).toBe(true);
  expect(log.entries).toHaveLength(1);
  vi.advanceTimersByTime(5);
  expect(isOpen()).toBe(true);
  expect(log.entries).toHaveLength(2);
});

test('a file beside the configuration may appear', async () => {
  start(false);
  expect(isOpen()).toBe(false);
  write('role:reader');
  await vi.waitUntil(isOpen);
});

test.each([
  {
    isNamed: false,
    what: 'removed',
    gone: () => rmSync(path),
    error: 'no such file; to return to the default rules, restart Novella without this file',
  },
  {
    isNamed: true,
    what: 'removed',
    gone: () => rmSync(path),
    error:
      'no such file; to return to the default rules, remove policy_file from the configuration and restart Novella',
  },
  {
    isNamed: false,
    what: 'emptied',
    gone: () => writeFileSync(path, ''),
    error: 'the file is empty; to return to the default rules, restart Novella without this file',
  },
])('the rules stay when the file is $what, until it is back: %j', async (each) => {
  write('role:reader');
  start(each.isNamed);
  each.gone();
  await vi.waitUntil(() => log.entries.length === 2);
  expect(log.entries[1]).toBe(`error the rules stay as they were: ${path}: ${each.error}`);
  expect(isOpen()).toBe(true);
  write('role:admin');
  await vi.waitUntil(() => !isOpen());
});

test('a wrong file that was never in force may be removed again', async () => {
  start(false);
  write('role:reader and');
  await vi.waitUntil(() => log.entries.length === 1);
  rmSync(path);
  write('role:reader');
  await vi.waitUntil(isOpen);
  expect(log.entries).toHaveLength(2);
});

test('a file that cannot be inspected leaves the rules, and is logged once', () => {
  vi.useFakeTimers();
  write('role:reader');
  start(false);
  rmSync(path);
  symlinkSync(path, path);
  vi.advanceTimersByTime(100);
  expect(isOpen()).toBe(true);
  expect(log.entries.slice(1)).toEqual([
    `error the rules stay as they were: ${path}: cannot be read (ELOOP)`,
  ]);
  rmSync(path);
  write('role:admin');
  vi.advanceTimersByTime(100);
  expect(isOpen()).toBe(false);
  expect(log.entries[2]).toBe('info the rules of the policy file are in force');
});

test('a file that cannot be inspected prevents the start, with the reason', () => {
  symlinkSync(path, path);
  expect(() => start(false)).toThrow(`${path}: cannot be read (ELOOP)`);
});

test('a named file that does not exist, and a wrong one, prevent the start', () => {
  expect(() => start(true)).toThrow(`${path}: no such file`);
  write('rule:nothing');
  expect(() => start(false)).toThrow('there is no rule nothing');
});

test('without a file the standard rules are in force', () => {
  policy = policyInForce(undefined, log);
  expect(isOpen()).toBe(false);
  expect(policy.current().mayAllow('os_compute_api:servers:index', reader)).toBe(true);
});

test('a rule without effect is a warning', () => {
  writeFileSync(path, 'compute:servers:resize:cross_cell: "@"\n');
  start(true);
  expect(log.entries[1]).toContain('has no effect: there are no cells');
});
