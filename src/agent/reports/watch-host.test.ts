/** Checks of the host's health that fail, without an agent around them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anIgbHost } from '#test/hosts/host-parts.ts';
import { silentLog } from '#test/silent-log.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GuestQueue } from '../commands/guest-queue.ts';
import { hostParts } from '../host-parts.ts';
import { GuestStateReporter } from './guest-state-reporter.ts';
import { watchHost } from './watch-host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novella-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a health check that cannot read the devices is logged, and repeated', async () => {
  const warnings: unknown[] = [];
  const { options } = anIgbHost(folder);
  let isFailing = true;
  const { pciBus } = options;
  pciBus.listFunctions = async () => {
    if (isFailing) throw new Error('EMFILE: too many open files');
    return { functions: [], unreadable: [] };
  };
  const log = Object.assign(Object.create(silentLog), {
    warn: (fields: { err: Error }) => warnings.push(fields.err.message),
  });
  const whole = { ...options, log, healthMs: 1 };
  const parts = hostParts(whole);
  parts.problems = [{ code: 'vf-count', message: 'vf_counts: p0: 2: no room', blocks: 'none' }];
  const notify = vi.fn<() => void>();
  const unwatch = watchHost(whole, {
    guestStates: new GuestStateReporter(whole, notify, new GuestQueue()),
    report: () => Promise.resolve({} as never),
    notify,
    parts,
    reported: () => [],
  });
  try {
    await expect.poll(() => warnings.length).toBeGreaterThan(1);
    expect(new Set(warnings)).toEqual(new Set(['EMFILE: too many open files']));
    expect(notify).not.toHaveBeenCalled();
    isFailing = false;
    await expect.poll(() => notify.mock.calls.length).toBeGreaterThan(0);
  } finally {
    unwatch();
  }
});
