/** The suite that every command journal must pass. */
import { expect, test } from 'vitest';
import type { CommandJournal, JournalEntry } from './command-journal.ts';

/**
 * `fresh` creates an empty journal and returns the function to open it, as a restarted agent would.
 */
export function commandJournalContract(fresh: () => () => CommandJournal): void {
  const begun: JournalEntry = { hostId: 'host-id', seq: 1, result: null };
  const done: JournalEntry = {
    ...begun,
    result: { ok: true, domainXml: '<domain/>', steps: [{ step: 'reboot', milliseconds: 1.5 }] },
  };

  test('a journal is empty at first', async () => {
    expect(await fresh()().read()).toEqual([]);
  });

  test('what was written is read after a restart; the newest entry of a command counts', async () => {
    const open = fresh();
    const other: JournalEntry = { ...begun, seq: 2 };
    await open().write(begun);
    await open().write(other);
    await open().write(done);
    const read = await open().read();
    expect(read.toSorted((one, another) => one.seq - another.seq)).toEqual([done, other]);
  });

  test('the same number of another host is another command', async () => {
    const open = fresh();
    await open().write(done);
    await open().write({ ...begun, hostId: 'another' });
    await open().remove(done);
    expect(await open().read()).toEqual([{ ...begun, hostId: 'another' }]);
  });

  test('a removed entry is gone; removing it again is no error', async () => {
    const open = fresh();
    await open().write(done);
    await open().remove(done);
    await open().remove(done);
    expect(await open().read()).toEqual([]);
  });
}
