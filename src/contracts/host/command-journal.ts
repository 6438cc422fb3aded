/**
 * The commands that an agent remembers across restarts, so that after any kind of crash a command
 * whose result was not recorded is not executed again when it must not be.
 */
import type { CommandResult } from './host-link.ts';

/** A command by its number and the store's id of the host, within which numbers are unique. */
export interface CommandKey {
  hostId: string;
  seq: number;
}

/** `result` null: started, and its outcome is unknown. */
export interface JournalEntry extends CommandKey {
  result: CommandResult | null;
}

export interface CommandJournal {
  /** All entries, in no particular order. Unreadable entries are left out. */
  read(): Promise<JournalEntry[]>;
  /** Adds the command to the journal. Throws `unavailable` when it cannot be written. */
  write(entry: JournalEntry): Promise<void>;
  /** No error when it is absent. */
  remove(key: CommandKey): Promise<void>;
}
