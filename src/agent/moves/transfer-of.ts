/** The part of a host by which its guests move. */
import type { GuestTransfer } from '#contracts/host/guest-transfer.ts';
import { ComputeError } from '#core/errors.ts';
import type { HostParts } from '../host-parts.ts';

/** Throws `notImplemented` on a host that has none. */
export function transferOf({
  transfer,
  host,
}: Pick<HostParts, 'transfer' | 'host'>): GuestTransfer {
  if (transfer !== undefined) return transfer;
  throw new ComputeError(
    'notImplemented',
    `the guests of host ${host} cannot be moved to other hosts, nor those of others here`,
  );
}
