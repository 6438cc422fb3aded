/**
 * The agent of one host: reports what the host is and has, and does what it is told, one command of a guest after the other.
 * It knows its host and the link; it knows neither the store nor any cloud credential.
 */
import type { AgentEnd, CommandResult, HostCommand, HostReport } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import { auditSpecs } from './audit-specs.ts';
import { executeCommand } from './execute-command.ts';
import { followHost } from './follow-host.ts';
import { GuestLooks } from './guest-looks.ts';
import { GuestTurns } from './guest-turns.ts';
import { hostParts } from './host-parts.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { reconcileHost } from './reconcile-host.ts';
import { reportHost } from './report.ts';
import { watchHost } from './watch-host.ts';

/** Starts the agent on this link: says hello with a first report, then serves commands until stopped. */
export async function startAgent(
  options: AgentOptions,
  link: AgentEnd,
): Promise<{ refresh(): Promise<void>; stop(): Promise<void> }> {
  const turns = new GuestTurns();
  const looks = new GuestLooks(options, link, turns);
  const taken = new Set<number>();
  let stopped = false;

  const parts = hostParts(options);
  const inTurn = oneAtATime();
  // One after the other, so that the last one told is the last one seen.
  const look = (): Promise<HostReport> => inTurn('report', () => reportHost(options, parts, turns));
  // Settles when the controller knows who speaks.
  const { promise: greeted, resolve: greet } = Promise.withResolvers<void>();
  const send = async (now: HostReport): Promise<void> => {
    await greeted;
    link.send({ type: 'report', report: now });
  };

  const answer = async (command: HostCommand): Promise<void> => {
    const result: CommandResult = await executeCommand(parts, command.body);
    link.send({ type: 'result', seq: command.seq, result });
    taken.delete(command.seq);
  };

  const serve = async (command: HostCommand): Promise<void> => {
    if (stopped) return;
    looks.expect(command.serverId);
    const result: CommandResult = await executeCommand(parts, command.body);
    // Before the result: whoever acts on that knows how the guest and its devices are.
    await followed.settled();
    await looks.now(command.serverId);
    link.send({ type: 'result', seq: command.seq, result });
    taken.delete(command.seq);
  };

  link.onMessage(({ command }) => {
    if (taken.has(command.seq)) return;
    taken.add(command.seq);
    // A reader does not wait for what may take as long as a start, and changes nothing.
    if (command.body.do === 'console') void answer(command);
    else turns.take(command.serverId, () => serve(command));
  });

  await reconcileHost(options, parts);
  await auditSpecs(options);
  const followed = followHost(options, parts, { report: look, send });
  const report = async (): Promise<HostReport> => followed.note(await look());
  // Watched before it is reported: what changes in between is told after it.
  const unwatch = watchHost(options, { looks, link, report, greeted });
  link.send({ type: 'hello', host: options.host, report: await report() });
  greet();
  const timer = setInterval(() => link.send({ type: 'heartbeat' }), options.heartbeatMs);
  return {
    async refresh() {
      await send(await report());
    },
    async stop() {
      stopped = true;
      unwatch();
      followed.stop();
      clearInterval(timer);
      await turns.ended();
      link.close();
    },
  };
}
