/**
 * The agent of one host: reports what the host is and has, and does what it is told, one command of a guest after the other.
 * It knows its host and the link; it knows neither the store nor any cloud credential.
 */
import type { AgentEnd, CommandResult, HostCommand, HostReport } from '#contracts/host-link.ts';
import type { AgentOptions } from './agent-options.ts';
import { auditSpecs } from './audit-specs.ts';
import { executeCommand } from './execute-command.ts';
import { reportHost } from './report.ts';

/** Starts the agent on this link: says hello with a first report, then serves commands until stopped. */
export async function startAgent(
  options: AgentOptions,
  link: AgentEnd,
): Promise<{ refresh(): Promise<void>; stop(): Promise<void> }> {
  const queues = new Map<string, Promise<void>>();
  const taken = new Set<number>();
  let stopped = false;

  const report = (): Promise<HostReport> => reportHost(options);

  const serve = async (command: HostCommand): Promise<void> => {
    if (stopped) return;
    const result: CommandResult = await executeCommand(options, command.body);
    link.send({ type: 'result', seq: command.seq, result });
    taken.delete(command.seq);
  };

  link.onMessage(({ command }) => {
    if (taken.has(command.seq)) return;
    taken.add(command.seq);
    // Nobody waits for an answer as long as a start may take.
    if (command.body.do === 'console') return void serve(command);
    const before = queues.get(command.serverId) ?? Promise.resolve();
    const mine = before.then(() => serve(command));
    queues.set(command.serverId, mine);
    void mine.finally(() => {
      if (queues.get(command.serverId) === mine) queues.delete(command.serverId);
    });
  });

  await auditSpecs(options);
  link.send({ type: 'hello', host: options.host, report: await report() });
  const timer = setInterval(() => link.send({ type: 'heartbeat' }), options.heartbeatMs);
  return {
    async refresh() {
      link.send({ type: 'report', report: await report() });
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await Promise.all(queues.values());
      link.close();
    },
  };
}
