/**
 * What the load requested, and what was answered: the requests that Novella has accepted must
 * survive every kill. A request without an answer may have had its effect or not.
 */
export interface ServerEntry {
  id: string;
  /** Its deletion was requested, whatever the answer. */
  mayBeGone: boolean;
  /** Its deletion was accepted. */
  isDeleted: boolean;
  /** Soft reboots requested, whatever the answer. */
  reboots: number;
}

export interface PortEntry {
  id: string;
  mayBeGone: boolean;
}

/** An accepted action. Example: `{ serverId: '5f…', requestId: 'req-…', action: 'stop' }`. */
export interface ActionEntry {
  serverId: string;
  requestId: string;
  action: string;
}

/** A NIC that an accepted attach made, for as long as nothing may have removed it. */
export interface NicEntry {
  serverId: string;
  portId: string;
  mayBeGone: boolean;
}

export class Ledger {
  readonly servers = new Map<string, ServerEntry>();
  readonly ports = new Map<string, PortEntry>();
  readonly nics: NicEntry[] = [];
  readonly actions: ActionEntry[] = [];
  /** Answers by operation and status; `none`: no answer came. Example: `'boot 202' → 31`. */
  readonly answers = new Map<string, number>();
  #answered = 0;

  /** How many answers have come. */
  get answered(): number {
    return this.#answered;
  }

  count(operation: string, status: number | 'none'): void {
    if (status !== 'none') this.#answered += 1;
    const key = `${operation} ${status}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }

  addServer(id: string): void {
    this.servers.set(id, { id, mayBeGone: false, isDeleted: false, reboots: 0 });
  }

  addPort(id: string): void {
    this.ports.set(id, { id, mayBeGone: false });
  }

  /** The port may lose its NIC from now on. */
  mayDetach(portId: string): void {
    for (const nic of this.nics) if (nic.portId === portId) nic.mayBeGone = true;
  }
}
