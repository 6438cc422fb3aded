/** What the token of a console admits to. */
import type { Duplex } from 'node:stream';
import type { ConsoleKind } from './guest-consoles.ts';

export interface AdmittedConsole {
  serverId: string;
  /** The server's. */
  projectId: string;
  kind: ConsoleKind;
  /**
   * A new connection to it. Throws `conflict` for a server without a running guest, `unavailable`
   * when its host cannot be reached or does not answer.
   */
  open: () => Promise<Duplex>;
}
