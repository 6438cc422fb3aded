/** The link that the agent uses now: one at a time, and at times none. */
import type { CommandKey } from '#contracts/host/command-journal.ts';
import type {
  AgentEnd,
  CommandResult,
  ConsoleRequest,
  HostReport,
  ToAgent,
  ToController,
} from '#contracts/host/host-link.ts';

/** `hostId`: once the controller has sent welcome. */
interface Session {
  link: AgentEnd;
  hasSentHello: boolean;
  hostId?: string;
}

/**
 * Messages received on a link, with the id that its controller uses for this host. `welcome` comes
 * first.
 */
export interface LinkListener {
  welcome(message: Extract<ToAgent, { type: 'welcome' }>): Promise<void>;
  command(hostId: string, message: Extract<ToAgent, { type: 'command' }>): void;
  recorded(key: CommandKey): Promise<void>;
  console(request: ConsoleRequest): Promise<void>;
  cacheImage(imageId: string): Promise<void>;
}

export class CurrentLink {
  readonly #host: string;
  #session: Session | undefined;
  /** The number of the newest link. The first is higher than those of earlier runs. */
  #number = Date.now();

  constructor(host: string) {
    this.#host = host;
  }

  /** Messages without a link may be dropped: the next hello brings a full report. */
  notify(message: ToController): void {
    if (this.#session?.hasSentHello === true) this.#session.link.send(message);
  }

  /** Only to the controller that gave the command. */
  answer({ hostId, seq }: CommandKey, result: CommandResult): void {
    if (this.#session?.hostId === hostId) this.#session.link.send({ type: 'result', seq, result });
  }

  /** Replaces the previous link. Throws the errors of `report`, and closes the link then. */
  async join(
    link: AgentEnd,
    listener: LinkListener,
    report: () => Promise<HostReport>,
  ): Promise<void> {
    const mine: Session = { link, hasSentHello: false };
    this.close();
    this.#session = mine;
    link.onClose(() => {
      if (this.#session === mine) this.#session = undefined;
    });
    link.onMessage((message) => {
      if (message.type !== 'outdated-link') return deliver(mine, listener, message);
      // The machine's clock has gone back since an earlier run.
      this.#number = Math.max(this.#number, message.newest);
      return undefined;
    });
    try {
      this.#number += 1;
      const number = this.#number;
      link.send({ type: 'hello', host: this.#host, link: number, report: await report() });
      mine.hasSentHello = true;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  close(): void {
    this.#session?.link.close();
  }
}

async function deliver(
  session: Session,
  listener: LinkListener,
  message: Exclude<ToAgent, { type: 'outdated-link' }>,
): Promise<void> {
  if (message.type === 'welcome') {
    session.hostId = message.hostId;
    return listener.welcome(message);
  }
  // Opening one may take long; messages wait for their predecessors.
  if (message.type === 'console') return void listener.console(message.request);
  if (message.type === 'cache-image') return void listener.cacheImage(message.imageId);
  // The program that dials has the certificate.
  if (message.type === 'renew-certificate') return;
  const { hostId } = session;
  if (hostId === undefined) return;
  if (message.type === 'command') listener.command(hostId, message);
  else await listener.recorded({ hostId, seq: message.seq });
}
