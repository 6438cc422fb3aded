/** Suite for the checks of a new host before a guest comes. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Guest } from '#core/guests/description/guest.ts';
import type { FailedCheck, MoveCheck } from '#core/guests/moves/preflight.ts';
import type { Fetch, GuestTransfer } from './guest-transfer.ts';

export interface ArrivalUnderTest {
  transfer: GuestTransfer;
  guest: Guest;
  /** Of the guest, which runs on the other host. */
  from: Fetch;
  /** The host, or the offer, fails this check from now on. Returns the new offer. */
  spoil: (check: MoveCheck) => Promise<string>;
  stop: () => Promise<void>;
}

/** `make` returns a host that the guest can come to. `checks`: those that it can fail. */
export function describeArrivalChecks(
  name: string,
  make: () => Promise<ArrivalUnderTest>,
  checks: readonly MoveCheck[],
): void {
  describe(`arrival checks contract: ${name}`, () => {
    let stop: (() => Promise<void>) | undefined;
    const begin = async () => {
      const host = await make();
      stop = host.stop;
      return host;
    };
    afterEach(() => stop?.());
    const namesOf = (failed: readonly FailedCheck[]) => failed.map(({ check }) => check).sort();

    test('a host that passes reports no failed check, however often it is checked', async () => {
      const { transfer, guest, from } = await begin();
      expect(await transfer.checkArrival(guest, from)).toEqual([]);
      expect(await transfer.checkArrival(guest, from)).toEqual([]);
    });

    test.each(checks)(
      'a host that fails the check %s names it, with value and rule',
      async (check) => {
        const { transfer, guest, from, spoil } = await begin();
        const offer = await spoil(check);
        const failed = await transfer.checkArrival(guest, { ...from, offer });
        expect(failed).toEqual([{ check, why: expect.stringMatching(/.{20}/) }]);
      },
    );

    test('all failed checks are named at once', async () => {
      const { transfer, guest, from, spoil } = await begin();
      let { offer } = from;
      for (const check of checks) offer = await spoil(check);
      const failed = namesOf(await transfer.checkArrival(guest, { ...from, offer }));
      expect(failed).toEqual([...checks].sort());
    });

    test('processor and machine of a guest that is shut down do not matter', async () => {
      const { transfer, guest, from, spoil } = await begin();
      let { offer } = from;
      for (const check of ['cpu', 'machine'] as const) offer = await spoil(check);
      expect(await transfer.checkArrival(guest, { ...from, offer, isLive: false })).toEqual([]);
    });

    test('a text that is no offer is refused', async () => {
      const { transfer, guest, from } = await begin();
      const checking = transfer.checkArrival(guest, { ...from, offer: 'no offer' });
      await expect(checking).rejects.toMatchObject({ kind: 'invalid' });
    });
  });
}
