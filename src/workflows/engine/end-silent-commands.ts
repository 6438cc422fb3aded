/**
 * Commands to hosts that stopped reporting: those never sent are revoked as soon as the host is
 * down, because no guest can result; those that may have reached the host fail once it has been
 * silent for long enough. Commands that remove something are kept: the host executes them when it
 * returns, and the workflows that gave them do not wait for it.
 */
import { type CommandResult, type HostCommand, questions } from '#contracts/host/host-link.ts';
import type { Host } from '#contracts/store/store.ts';
import type { WorkflowContext } from './context.ts';
import { repeat } from '#runtime/timing/repeat.ts';

/** The message for every user: it names no host. */
export const hostSilentMessage = 'The host of the server stopped reporting.';

const checkMs = 5_000;

/** Polls every five seconds until stopped. */
export function watchSilentHosts(context: WorkflowContext): { stop(): Promise<void> } {
  return repeat(
    () => endSilentCommands(context),
    checkMs,
    (error) => context.log.error({ err: error }, 'cannot check for silent hosts; will try again'),
  );
}

/** Ends, with its reason, every command that no longer has a host to wait for. */
export async function endSilentCommands(context: WorkflowContext): Promise<void> {
  const { store, links, settings, peers } = context;
  if (peers?.isFirst() === false) return;
  for (const id of (await store.commands.newestPending()).keys()) {
    // A linked host is not silent, forced down or not.
    if (links.silentMs({ id, forcedDown: true }) === 0) continue;
    const host = await store.hosts.get(id);
    if (host === undefined || links.silentMs(host) <= settings.hostTimeoutMs) continue;
    const commands = (await store.commands.pending(id)).filter(isWaitedFor);
    for (const command of commands) await endCommand(context, host, command);
  }
}

function isWaitedFor({ body }: HostCommand): boolean {
  return body.do !== 'destroy' && !questions.includes(body.do);
}

async function endCommand(
  { store, links, settings, clock, log, wakeup }: WorkflowContext,
  host: Host,
  { seq, serverId, body }: HostCommand,
): Promise<void> {
  const isNeverSent = links.withdraw(host.id, seq);
  // The host may have come back while the rows were read.
  const silentMs = links.silentMs(host);
  if (!isNeverSent && silentMs <= settings.hostLostMs) return;
  // The guest of a move that failed may never have left its host.
  const returns = body.do === 'spawn' && body.keepsFiles === true;
  const result: CommandResult = {
    ok: false,
    message: hostSilentMessage,
    detail: silenceDetail(host, { silentMs, isNeverSent }),
    ...(isNeverSent && !returns && { undone: true }),
    steps: [],
  };
  log.warn({ server: serverId, host: host.name, command: body.do }, result.detail);
  try {
    const ifUnlinked = links.shared && { isNeverSent };
    await store.commands.complete(host.id, seq, result, { now: clock.now(), ifUnlinked });
  } catch (error) {
    // Without a result it is still the host's, which may be back by now.
    links.reinstate(host.id, seq);
    throw error;
  } finally {
    wakeup.notify(`commands:${host.id}`);
  }
  wakeup.notify('tasks');
}

/**
 * For administrators and the log. Example: `host-1 stopped reporting 600 s ago and may have
 * executed the command`.
 */
function silenceDetail(
  { name }: Pick<Host, 'name'>,
  { silentMs, isNeverSent }: { silentMs: number; isNeverSent: boolean },
): string {
  const since =
    silentMs === Infinity
      ? 'was forced down'
      : `stopped reporting ${Math.round(silentMs / 1000)} s ago`;
  const what = isNeverSent ? 'was not sent the command' : 'may have executed the command';
  return `${name} ${since} and ${what}`;
}
