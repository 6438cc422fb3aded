import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { commandJournalContract } from '#contracts/host/command-journal.contract.ts';
import { folderJournal } from './in-folder.ts';
import { memoryJournal } from './in-memory.ts';

const root = mkdtempSync(join(tmpdir(), 'novella-journal-'));
afterAll(() => rmSync(root, { recursive: true }));
const freshFolder = () => join(mkdtempSync(join(root, 'j-')), 'results');

describe('the journal in memory', () => {
  commandJournalContract(() => {
    const journal = memoryJournal();
    return () => journal;
  });
});

describe('the journal in a folder', () => {
  commandJournalContract(() => {
    const folder = freshFolder();
    return () => folderJournal(folder);
  });

  test('a file that cannot be read does not hide the others', async () => {
    const folder = freshFolder();
    const journal = folderJournal(folder);
    await journal.write({ hostId: 'h', seq: 1, result: null });
    writeFileSync(join(folder, 'h.2.json'), '{"hostId": "h", "se');
    expect(await journal.read()).toEqual([{ hostId: 'h', seq: 1, result: null }]);
  });

  test('a missing folder is reported with a message', async () => {
    const folder = freshFolder();
    const journal = folderJournal(folder);
    rmSync(folder, { recursive: true });
    await expect(journal.write({ hostId: 'h', seq: 1, result: null })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('h.1.json cannot be written: ENOENT'),
    });
  });
});
