/** A journal in memory: for agents that end together with the controller's process. */
import type { CommandJournal, CommandKey, JournalEntry } from '#contracts/host/command-journal.ts';

export function memoryJournal(): CommandJournal {
  const entries = new Map<string, JournalEntry>();
  const nameOf = ({ hostId, seq }: CommandKey) => `${hostId} ${seq}`;
  return {
    read: async () => [...entries.values()],
    write: async (entry) => void entries.set(nameOf(entry), entry),
    remove: async (key) => void entries.delete(nameOf(key)),
  };
}
