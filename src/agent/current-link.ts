/** The link to the controller that is up now, if one is: links come one after the other, and each begins with a hello. */
import type { AgentEnd, HostReport, ToAgent, ToController } from '#contracts/host-link.ts';

/** What is said on a link once the controller has said welcome. `hostId`: the store's id of this host. */
export type HeardMessage = Exclude<ToAgent, { type: 'welcome' }>;

export interface LinkListener {
  welcome(hostId: string): void | Promise<void>;
  /** What an earlier link still brings comes here too. */
  hear(hostId: string, message: HeardMessage): void | Promise<void>;
}

interface Session {
  link: AgentEnd;
  hasSaidHello: boolean;
  hostId?: string;
}

export class CurrentLink {
  #session: Session | undefined;

  /** What nobody hears is no loss: the next hello brings a report of everything. */
  tell(message: ToController): void {
    if (this.#session?.hasSaidHello === true) this.#session.link.send(message);
  }

  /** As `tell`, if the link is to the controller that knows this host by this id. */
  answer(hostId: string, message: ToController): void {
    if (this.#session?.hostId === hostId) this.#session.link.send(message);
  }

  /** Closes the link before, and says hello on this one. Throws what the report throws, and closes the link then. */
  async join(
    link: AgentEnd,
    {
      host,
      report,
      listener,
    }: { host: string; report: () => Promise<HostReport>; listener: LinkListener },
  ): Promise<void> {
    const mine: Session = { link, hasSaidHello: false };
    this.close();
    this.#session = mine;
    link.onClose(() => {
      if (this.#session === mine) this.#session = undefined;
    });
    link.onMessage((message) => {
      if (message.type === 'welcome') {
        mine.hostId = message.hostId;
        return listener.welcome(message.hostId);
      }
      return mine.hostId === undefined ? undefined : listener.hear(mine.hostId, message);
    });
    try {
      link.send({ type: 'hello', host, report: await report() });
      mine.hasSaidHello = true;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  close(): void {
    this.#session?.link.close();
  }
}
