/**
 * How guests go from this host to another one, and come from there. A simulated host and a real one
 * pass the same suite.
 */
import type { Guest } from '#core/guests/description/guest.ts';
import type { FailedCheck } from '#core/guests/moves/preflight.ts';
import type { SentGuests } from './movable-guest.ts';

/** What another host offers. `offer`: the text that its `offer` returned. */
export interface Fetch {
  host: string;
  offer: string;
  /** The guest runs there: its disk's content comes with it, so the disk made here is empty. */
  isLive: boolean;
}

/** `arrival`: the text that the other host's `expect` returned. */
export interface SendTo {
  host: string;
  arrival: string;
  onStandby?: () => void;
}

export interface GuestTransfer extends SentGuests {
  /**
   * Permits the host of this name to fetch the guest's files once, replacing an earlier offer.
   * Returns text for one call there: `fetch`, `prefetch` or `fetchConsole`. Throws `notFound` for a
   * guest without files.
   */
  offer(guest: Guest, to: string): Promise<string>;
  /**
   * Fetches those files that do not change while the guest runs on the other host. A `fetch` by a
   * later offer fetches the rest. Throws as `fetch`.
   */
  prefetch(guest: Guest, from: Pick<Fetch, 'host' | 'offer'>): Promise<void>;
  /**
   * The checks that this host fails before a guest comes: `connection`, `clock`, `disk`, and for
   * one that comes running `machine` and `cpu`; and those of `checkFolder`. Unused images may be
   * removed to make room. One that `keepsFiles` needs none. Throws `invalid` for a text that is no
   * offer.
   */
  checkArrival(guest: Guest, from: Fetch & { keepsFiles?: boolean }): Promise<FailedCheck[]>;
  /**
   * The check `files`, which this host fails unless the guest's folder here is that of the other
   * host, where the guest `keepsFiles`; else unless it belongs to this host, and not to both.
   * Throws `invalid` for a text that is no offer.
   */
  checkFolder(
    guest: Guest,
    from: Pick<Fetch, 'offer'> & { keepsFiles: boolean },
  ): Promise<FailedCheck[]>;
  /**
   * The guest's files as another host offers them, complete or not at all. Nothing when they have
   * been fetched by this offer. Throws `invalid` for a text that is no offer, `unavailable` when
   * that host does not answer, the file system is too small, or the folder fails `checkFolder`:
   * that is left as it is.
   */
  fetch(guest: Guest, from: Fetch): Promise<void>;
  /**
   * Fetches all that the guest wrote to its console on the other host, after it has come here live.
   * Throws as `fetch`.
   */
  fetchConsole(guest: Guest, from: Pick<Fetch, 'host' | 'offer'>): Promise<void>;
  /**
   * Permits the host of this name to send the running guest, which is defined here, replacing an
   * earlier expectation. `keepsFiles`: its disk is here already, and is not sent. Returns text for
   * its `send`.
   */
  expect(guest: Guest, from: { host: string; keepsFiles?: boolean }): Promise<string>;
  /**
   * Opens what `send` needs, which then takes less time; it may also be sent without. Throws as
   * `send`.
   */
  connect(guest: Guest, to: { host: string; arrival: string }): Promise<void>;
  /**
   * The running guest continues on the host that expects it: once this returns it runs there and is
   * gone here. Throws `conflict` when it does not run, `unavailable` when it could not be sent: it
   * then runs here as before. `onStandby` is called when a guest with standbys is about to release
   * its VFs.
   */
  send(guest: Guest, to: SendTo): Promise<void>;
  /**
   * What is offered and expected of the guest ends, with its connections; a `fetch` in progress
   * throws `unavailable`. No error when there is nothing.
   */
  end(guestId: string): Promise<void>;
  /** The same of every guest that comes from the host of this name, or goes there. */
  endWith(host: string): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}
