/** Counts SQL statements: a cost that does not depend on the machine. */
import { StatementSync } from 'node:sqlite';
import { vi } from 'vitest';

/**
 * The statements that SQLite runs during `act`, by their first word, on every connection of this
 * process. Example: `{ begin: 1, insert: 2, commit: 1 }`.
 */
export async function statementCounts(act: () => Promise<unknown>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const spies = (['run', 'all'] as const).map((name) => {
    const original = StatementSync.prototype[name];
    const counted = function counted(this: StatementSync, ...given: unknown[]): unknown {
      const word = /\w+/.exec(this.sourceSQL)?.[0]?.toLowerCase() ?? '';
      counts.set(word, (counts.get(word) ?? 0) + 1);
      return Reflect.apply(original as (...all: unknown[]) => unknown, this, given);
    };
    return vi.spyOn(StatementSync.prototype, name).mockImplementation(counted as never);
  });
  try {
    await act();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return counts;
}
