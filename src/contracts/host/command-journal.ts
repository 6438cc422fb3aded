/**
 * What an agent remembers of commands beyond its own life: so that one whose result was not
 * recorded is not carried out again when it must not be, whatever killed the agent.
 */
import type { CommandResult } from './host-link.ts';

/** A command by its number and the store's id of the host that numbers count for. */
export interface CommandKey {
  hostId: string;
  seq: number;
}

/** `result` null: begun, and nobody knows how it ended. */
export interface JournalEntry extends CommandKey {
  result: CommandResult | null;
}

export interface CommandJournal {
  /** What is in it, in no order. What cannot be read is left out. */
  read(): Promise<JournalEntry[]>;
  /** From here on the command is in the journal. Throws `unavailable` when it cannot be kept. */
  write(entry: JournalEntry): Promise<void>;
  /** No error when it is not there. */
  remove(key: CommandKey): Promise<void>;
}
