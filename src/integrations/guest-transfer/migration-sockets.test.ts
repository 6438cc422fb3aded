/** The sockets of a move that cannot begin. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#test/silent-log.ts';
import { expect, test } from 'vitest';
import { SourceSockets } from './migration-sockets.ts';

test('a key too long for the path of a socket leaves nothing', async () => {
  const here = mkdtempSync(join(tmpdir(), 'novella-sockets-'));
  try {
    const place = { host: 'hv2', address: '127.0.0.1', port: 1, key: 'k'.repeat(100) };
    const identity = { certificate: '', key: '', authority: '' };
    const opening = SourceSockets.open(place, {
      ...{ folder: { here, forLibvirt: here }, identity, log: silentLog },
    });
    await expect(opening).rejects.toThrow(/EINVAL|ENAMETOOLONG/);
    expect(readdirSync(here)).toEqual([]);
  } finally {
    rmSync(here, { recursive: true });
  }
});
