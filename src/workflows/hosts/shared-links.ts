/** The links of hosts to all controllers, where there may be several. */

/** A link of this controller that has ended. `sentUpTo`: the last command that was sent on it. */
export interface ClosedLink {
  hostId: string;
  link: number;
  sentUpTo: number;
}

/** As last read: at most about a second old. Times in milliseconds. */
export interface SharedLinks {
  /** How often anything has changed. */
  readonly changes: number;
  /** When it was read, in epoch milliseconds. */
  readonly readAt: number;
  /** Is the host linked to another controller that is alive? */
  isLinkedElsewhere(hostId: string): boolean;
  /** Since when it has been linked nowhere, on the monotonic clock; undefined: not known. */
  silentSince(hostId: string): number | undefined;
  /** When its last link closed, in epoch milliseconds; undefined: not known, or it is open. */
  closedAt(hostId: string): number | undefined;
  /** Whether any controller may have sent it this command. */
  mayHaveSent(hostId: string, seq: number): boolean;
  /** Records an open link of this controller. False: the host has a newer one. */
  open(hostId: string, link: number): Promise<boolean>;
  /** The number of the host's newest link; 0: it had none. */
  newest(hostId: string): Promise<number>;
  close(link: ClosedLink): void;
  /** The host was removed, with its link. */
  forget(hostId: string): void;
  /** Others may count this controller as dead: it sends no command, and takes no report. */
  isFenced(): boolean;
}
