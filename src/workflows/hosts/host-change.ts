/** An entry of the host ledger as a change of the host's row. */
import type { Host, HostChange } from '#contracts/store/store.ts';
import type { LedgerEntry } from '#core/ledger/host-ledger.ts';

/** Valid only while the row is unchanged since it was read, by its generation. */
export function hostChange(
  { id, generation }: Pick<Host, 'id' | 'generation'>,
  entry: LedgerEntry,
): HostChange {
  return { hostId: id, generation, ...entry };
}
