/**
 * The agent of one host: reports what the host is and has, and does what it is told, over one link after the other.
 * It knows its host and the link; it knows neither the store nor any cloud credential.
 */
import type { AgentEnd, HostReport, ToAgent } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import { auditSpecs } from './audit-specs.ts';
import { CommandDesk } from './command-desk.ts';
import { reportHost } from './report.ts';

export interface Agent {
  /**
   * Serves this link until it closes: says hello with a fresh report, then takes commands. A link joined before is closed. Returns when
   * hello is said; throws when the host cannot be looked at, and closes the link then.
   */
  join(link: AgentEnd): Promise<void>;
  /** Looks at the host and reports, if a link is up. */
  refresh(): Promise<void>;
  /** Returns when the commands under way have ended; guests go on. */
  stop(): Promise<void>;
}

/** `hostId`: once the controller has said welcome. */
interface Session {
  link: AgentEnd;
  hasSaidHello: boolean;
  hostId?: string;
}

/** Starts the agent; it says and does nothing before it joins a link. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  let session: Session | undefined;
  let looking: Promise<unknown> = Promise.resolve();
  const desk = await CommandDesk.open({
    parts: options,
    journal: options.journal,
    log: options.log,
    answer: ({ hostId, seq }, result) => {
      if (session?.hostId === hostId) session.link.send({ type: 'result', seq, result });
    },
  });

  /** One look at a time, so that reports are sent in the order of what they saw. */
  const look = (): Promise<HostReport> => {
    const mine = looking.then(() => reportHost(options));
    looking = mine.catch(() => {});
    return mine;
  };

  const hear = async (mine: Session, message: ToAgent): Promise<void> => {
    switch (message.type) {
      case 'welcome':
        mine.hostId = message.hostId;
        return desk.tellAgain(message.hostId);
      case 'command':
        if (mine.hostId !== undefined) desk.take(mine.hostId, message.command);
        return;
      case 'recorded':
        if (mine.hostId !== undefined) await desk.forget({ hostId: mine.hostId, seq: message.seq });
        return;
    }
  };

  await auditSpecs(options);
  const timer = setInterval(() => {
    if (session?.hasSaidHello === true) session.link.send({ type: 'heartbeat' });
  }, options.heartbeatMs);
  return {
    async join(link) {
      const mine: Session = { link, hasSaidHello: false };
      session?.link.close();
      session = mine;
      link.onClose(() => {
        if (session === mine) session = undefined;
      });
      link.onMessage((message) => hear(mine, message));
      try {
        link.send({ type: 'hello', host: options.host, report: await look() });
        mine.hasSaidHello = true;
      } catch (error) {
        link.close();
        throw error;
      }
    },
    async refresh() {
      const report = await look();
      if (session?.hasSaidHello === true) session.link.send({ type: 'report', report });
    },
    async stop() {
      clearInterval(timer);
      await desk.stop();
      session?.link.close();
    },
  };
}
