import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

test('a file beside the configuration may appear and vanish', async () => {
  start(false);
  expect(isOpen()).toBe(false);
  write('role:reader');
  await vi.waitUntil(isOpen);
  rmSync(path);
  await vi.waitUntil(() => !isOpen());
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
