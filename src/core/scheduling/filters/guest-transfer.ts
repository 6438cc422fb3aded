/** Refuses a host that cannot receive the disk of a server that moves with it. */
import type { Filter } from '../filter.ts';

export const guestTransfer: Filter = {
  name: 'guest transfer',
  isIdle: ({ needsTransfer }) => needsTransfer !== true,
  passes: ({ movesGuests }) => movesGuests === true,
  check({ movesGuests }) {
    if (movesGuests === true) return [];
    const message = 'it cannot receive the disk of a guest from another host';
    return [{ code: 'no-guest-transfer', message }];
  },
};
