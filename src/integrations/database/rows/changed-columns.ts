/** Writing only the columns that a change has changed. */

/**
 * Calls `write` with the columns of `after` whose value is another than in `before`, without its
 * `id`; not at all where there are none. Without `before` all others are written. Example: from
 * `{ id: 'a', name: 'x', age: 1 }` to `{ id: 'a', name: 'y', age: 1 }` → `write({ name: 'y' })`.
 */
export async function writeChanges<Row extends { id: string }>(
  { before, after }: { before: Row | undefined; after: Row },
  write: (columns: Partial<Omit<Row, 'id'>>) => Promise<unknown>,
): Promise<void> {
  const changed = Object.entries(after).filter(
    ([column, value]) => column !== 'id' && before?.[column as keyof Row] !== value,
  );
  if (changed.length === 0) return;
  await write(Object.fromEntries(changed) as Partial<Omit<Row, 'id'>>);
}
