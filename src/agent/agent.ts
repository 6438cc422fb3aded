/**
 * The agent of one host: reports what the host is and has, and does what it is told, one command of a guest after the other. Links to the
 * controller come and go. It knows its host and the link; it knows neither the store nor any cloud credential.
 */
import type { AgentEnd, HostReport, ToAgent, ToController } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import { auditSpecs } from './audit-specs.ts';
import { CommandDesk } from './command-desk.ts';
import { followHost } from './follow-host.ts';
import { GuestLooks } from './guest-looks.ts';
import { GuestTurns } from './guest-turns.ts';
import { healthTextOf } from './host-health.ts';
import { hostParts } from './host-parts.ts';
import { oneAtATime } from './one-at-a-time.ts';
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
  /** What nobody hears is no loss: the next hello brings a report of everything. */
  const tell = (message: ToController): void => {
    if (session?.hasSaidHello === true) session.link.send(message);
  };
  const turns = new GuestTurns();
  const looks = new GuestLooks(options, tell, turns);
  const parts = hostParts(options);
  const desk = await CommandDesk.open({
    parts,
    journal: options.journal,
    log: options.log,
    turns,
    // Before the result: whoever acts on that knows how the guest and its devices are.
    beforeResult: async (guestId) => {
      await followed.settled();
      await looks.now(guestId);
    },
    expect: (guestId) => looks.expect(guestId),
    answer: ({ hostId, seq }, result) => {
      if (session?.hostId === hostId) session.link.send({ type: 'result', seq, result });
    },
  });

  const inTurn = oneAtATime();
  // One after the other, so that the last one told is the last one seen.
  const look = (): Promise<HostReport> => inTurn('report', () => reportHost(options, parts, turns));
  let seenHealth = '';

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

  await reconcileHost(options, parts);
  await auditSpecs(options);
  const followed = followHost(options, parts, {
    report: look,
    send: (report) => tell({ type: 'report', report }),
  });
  const report = async (): Promise<HostReport> => {
    const seen = followed.note(await look());
    seenHealth = healthTextOf(seen.problems ?? []);
    return seen;
  };
  const watching = { looks, look: report, tell, parts, seenHealth: () => seenHealth };
  const unwatch = watchHost(options, watching);
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
        link.send({ type: 'hello', host: options.host, report: await report() });
        mine.hasSaidHello = true;
      } catch (error) {
        link.close();
        throw error;
      }
    },
    async refresh() {
      tell({ type: 'report', report: await report() });
    },
    async stop() {
      unwatch();
      followed.stop();
      clearInterval(timer);
      await desk.stop();
      session?.link.close();
    },
  };
}
