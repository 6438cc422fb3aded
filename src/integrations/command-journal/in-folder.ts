/**
 * A journal with one file per command: small, and readable for an operator who checks what the
 * agent still has to report.
 */
import { mkdirSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandJournal, CommandKey, JournalEntry } from '#contracts/host/command-journal.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { writeFileDurably } from '#runtime/atomic-file.ts';

/** Keeps the files in this folder, created when missing. Example file: `5f0c….12.json`. */
export function folderJournal(folder: string): CommandJournal {
  mkdirSync(folder, { recursive: true });
  const pathOf = ({ hostId, seq }: CommandKey) => join(folder, `${hostId}.${seq}${ending}`);
  return {
    read: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith(ending));
      const entries = await Promise.all(names.map((name) => readEntry(join(folder, name))));
      return entries.filter((entry) => entry !== undefined);
    },
    write: async (entry) => {
      const path = pathOf(entry);
      try {
        await writeFileDurably(path, JSON.stringify(entry));
      } catch (cause) {
        const problem = errorText(cause);
        throw new ComputeError(
          'unavailable',
          `journal file ${path} cannot be written: ${problem}`,
          {
            cause,
          },
        );
      }
    },
    // Not synced: an entry that reappears after a power cut is reported and removed again.
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

const ending = '.json';

async function readEntry(path: string): Promise<JournalEntry | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JournalEntry;
  } catch {
    return undefined;
  }
}
