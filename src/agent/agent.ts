/**
 * The agent of one host: reports what the host is and has, and executes commands, one command of a
 * guest after the other. Links to the controller come and go. It has access to its host and the
 * link only, not to the store or any cloud credential.
 */
import type { AgentEnd, HostReport } from '#contracts/host/host-link.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { AgentOptions } from './agent-options.ts';
import { auditSpecs } from './devices/audit-specs.ts';
import { ConsoleRequests } from './consoles/console-requests.ts';
import { CommandQueue } from './commands/command-queue.ts';
import { CurrentLink, type LinkListener } from './devices/current-link.ts';
import { followHost } from './reports/follow-host.ts';
import { GuestStateReporter } from './reports/guest-state-reporter.ts';
import { TrafficReporter } from './reports/traffic-reporter.ts';
import { GuestQueue } from './commands/guest-queue.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { hostParts } from './host-parts.ts';
import { reconcileHost } from './reports/reconcile-host.ts';
import { reportHost } from './report.ts';
import { uptimeOf } from './reports/uptime-of.ts';
import { watchHost } from './reports/watch-host.ts';

export interface Agent {
  /**
   * Serves this link until it closes: sends hello with a fresh report, then takes commands. A link
   * joined before is closed. Returns when hello is sent; throws when the host cannot be read, and
   * closes the link then.
   */
  join(link: AgentEnd): Promise<void>;
  /** Reads the host and reports, if a link is up. */
  refresh(): Promise<void>;
  /** Returns when the commands in progress have ended; guests keep running. */
  stop(): Promise<void>;
}

/** Starts the agent: the host is put in order. It sends nothing before it joins a link. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { host, journal, log } = options;
  const current = new CurrentLink(host);
  const notify: CurrentLink['notify'] = (message) => current.notify(message);
  const parts = hostParts(options);
  const turns = new GuestQueue();
  const guestStates = new GuestStateReporter(options, notify, turns);
  const reports = new SerialQueue();
  // One after the other, so that the last one reported is the last one read.
  const readReport = (): Promise<HostReport> =>
    reports.run(() => reportHost(options, parts, turns));
  let reported: readonly HostProblem[] = [];
  /** For every report that is sent, whatever triggered it. */
  const noteHealth = (seen: HostReport): HostReport => {
    reported = seen.problems ?? [];
    return seen;
  };

  const since = options.changes?.count;
  await reconcileHost(options, parts);
  if (options.auditsSpecs !== false) await auditSpecs(options);
  const followed = followHost(options, parts, {
    report: readReport,
    send: (seen) => notify({ type: 'report', report: noteHealth(seen) }),
    since,
  });
  const report = async (): Promise<HostReport> => noteHealth(followed.note(await readReport()));
  const commands = await CommandQueue.open({
    parts,
    journal,
    log,
    turns,
    expect: (guestId) => guestStates.expect(guestId),
    // The recipient of the result then has the state of the guest and its devices.
    beforeResult: async (guestId) => {
      await followed.settled();
      await guestStates.now(guestId);
    },
    answer: (key, result) => current.answer(key, result),
  });
  const consoles = new ConsoleRequests({
    ...options,
    answer: (answer) => notify({ type: 'console', answer }),
  });
  const traffic = new TrafficReporter(options, notify);
  const listener = linkListener(options, { traffic, commands, consoles });
  const watching = { guestStates, report, notify, parts, reported: () => reported, since };
  const unwatch = watchHost(options, watching);
  const beat = async (): Promise<void> =>
    notify({ type: 'heartbeat', ...(await uptimeOf(options)) });
  const { heartbeatMs } = options;
  const timer = heartbeatMs === undefined ? undefined : setInterval(() => void beat(), heartbeatMs);
  return {
    join: (link) => current.join(link, listener, report),
    async refresh() {
      const seen = await report();
      await traffic.report();
      notify({ type: 'report', report: seen });
    },
    async stop() {
      unwatch();
      followed.stop();
      traffic.stop();
      clearInterval(timer);
      consoles.close();
      await commands.stop();
      await options.transfer?.close();
      current.close();
    },
  };
}

interface Listeners {
  traffic: TrafficReporter;
  commands: CommandQueue;
  consoles: ConsoleRequests;
}

function linkListener(
  options: AgentOptions,
  { traffic, commands, consoles }: Listeners,
): LinkListener {
  return {
    async welcome(message) {
      traffic.linked(message);
      await commands.resendResults(message.hostId);
    },
    command: (hostId, { command }) => commands.take(hostId, command),
    recorded: (key) => commands.forget(key),
    console: (request) => consoles.take(request),
    cacheImage: (imageId) => cacheImage(options, imageId),
  };
}

/** Nothing waits for it: what prevents it is logged here. */
async function cacheImage({ guestFiles, host, log }: AgentOptions, imageId: string): Promise<void> {
  const about = { host, image: imageId };
  try {
    await guestFiles.cacheImage(imageId);
    log.info(about, 'an image was fetched');
  } catch (error) {
    log.warn({ ...about, err: error }, 'an image that was requested cannot be fetched');
  }
}
