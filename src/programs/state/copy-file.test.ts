/** Copies readable by the owner only. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { copyWhole } from './copy-file.ts';

test('a copy has mode 0600 and never overwrites a file', async () => {
  const folder = temporaryDirectory();
  const at = (name: string) => join(folder.path, name);
  const mode = (name: string) => statSync(at(name)).mode & 0o777;
  const mask = process.umask(0);
  try {
    writeFileSync(at('from'), 'text', { mode: 0o644 });
    const { bytes } = await copyWhole(at('from'), at('below/to'));
    expect([bytes, mode('below/to'), mode('below')]).toEqual([4, 0o600, 0o700]);
    await expect(copyWhole(at('from'), at('below/to'))).rejects.toThrow(/EEXIST/);
  } finally {
    process.umask(mask);
    folder.remove();
  }
});
