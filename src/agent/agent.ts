/**
 * The agent of one host: reports what the host is and has, and does what it is told, one command of a guest after the other. Links to the
 * controller come and go. It knows its host and the link; it knows neither the store nor any cloud credential.
 */
import type { AgentEnd, HostReport, ToAgent, ToController } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import { auditSpecs } from './audit-specs.ts';
import { CommandDesk } from './command-desk.ts';
import { GuestLooks } from './guest-looks.ts';
import { GuestTurns } from './guest-turns.ts';
import { healthTextOf } from './host-health.ts';
import { reconcileHost } from './reconcile-host.ts';
import { reportHost } from './report.ts';
import { watchHost } from './watch-host.ts';

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

/** Starts the agent; it says nothing before it joins a link. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  let session: Session | undefined;
  let looking: Promise<unknown> = Promise.resolve();
  let seenHealth: string | undefined;
  /** What nobody hears is no loss: the next hello brings a report of everything. */
  const tell = (message: ToController): void => {
    if (session?.hasSaidHello === true) session.link.send(message);
  };
  const turns = new GuestTurns();
  const looks = new GuestLooks(options, tell, turns);
  const desk = await CommandDesk.open({
    parts: options,
    journal: options.journal,
    log: options.log,
    turns,
    looks,
    answer: ({ hostId, seq }, result) => {
      if (session?.hostId === hostId) session.link.send({ type: 'result', seq, result });
    },
  });

  /** One look at a time, so that reports are sent in the order of what they saw. */
  const look = (): Promise<HostReport> => {
    const mine = looking.then(() => reportHost(options, turns));
    looking = mine.then(
      ({ problems = [] }) => {
        seenHealth = healthTextOf(problems);
      },
      () => {},
    );
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
  await reconcileHost(options);
  const unwatch = watchHost(options, { looks, look, tell, seenHealth: () => seenHealth });
  const timer = setInterval(() => tell({ type: 'heartbeat' }), options.heartbeatMs);
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
      tell({ type: 'report', report: await look() });
    },
    async stop() {
      unwatch();
      clearInterval(timer);
      await desk.stop();
      session?.link.close();
    },
  };
}
