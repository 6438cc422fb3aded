/**
 * The folder of one running environment. A test that was killed could not remove its own, so the
 * next one does.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const named = /^novella-openstack-(\d+)-/;

/** A new one, after those whose owners are gone were removed. */
export function runFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = named.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), `novella-openstack-${process.pid}-`));
}
