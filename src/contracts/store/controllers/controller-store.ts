/** The controllers of one database, and which of them each host is linked to. */
import type { ChangeMark } from '../host-store.ts';

/**
 * A controller that has not been removed. `id`: of this run of it; `name`: the same in each run.
 * `beats` grows while it is alive. `startedAt`: epoch milliseconds.
 */
export interface Controller {
  id: string;
  name: string;
  version: string;
  startedAt: number;
  beats: number;
}

export interface ControllerStore {
  /**
   * Adds a controller. One with the same name is its earlier run, and is removed. Throws `conflict`
   * where another with this name is added at the same time.
   */
  add(controller: Omit<Controller, 'beats'>): Promise<void>;
  /** Shows that this one is alive. False: it was removed. */
  beat(id: string): Promise<boolean>;
  /** In the order of their starts. */
  list(): Promise<Controller[]>;
  /**
   * Removes one that has ended: its tasks are free, with the next epoch, so that it records nothing
   * for them any more; its hosts are not linked, and all that waits for them counts as sent; its
   * queries are deleted. May be repeated after a failure.
   */
  remove(id: string): Promise<void>;
  /**
   * Frees the tasks that no listed controller has leased, as `remove` does: one that paused may
   * lease a task after it was removed.
   */
  freeLeftTasks(): Promise<void>;
}

/** Which controller a host is linked to. */
export interface StoredLink {
  hostId: string;
  /** null: none. */
  controllerId: string | null;
  /** The agent's number of the link: a later link of the host has a greater one. */
  link: number;
  /** Commands up to this number may have reached the host. Kept when the link is closed. */
  sentUpTo: number;
  /** When the link closed, in epoch milliseconds; null: it is open. */
  closedAt: number | null;
}

export type OpenedLink = Pick<StoredLink, 'hostId' | 'link'> & { controllerId: string };

/** Written when a link opens or closes, and at no other time. */
export interface HostLinkStore {
  /**
   * Records open links of one controller, in one transaction. Returns the ids of their hosts: a
   * host that has a newer link, whoever has it, is left out, and all are where the controller was
   * removed. Where a link replaces one that is still open, all that waits for the host counts as
   * sent.
   */
  open(links: readonly OpenedLink[]): Promise<Set<string>>;
  /** Records that this link has closed, unless a newer one is recorded. */
  close(links: readonly Omit<StoredLink, 'closedAt'>[], at: number): Promise<void>;
  /** The number of the host's newest link; 0: it had none. */
  newest(hostId: string): Promise<number>;
  /** The links of hosts that changed since the mark of an earlier call; without one: all. */
  changedSince(mark?: ChangeMark): Promise<{ links: StoredLink[]; mark: ChangeMark }>;
}
