/** Hosts to which a server cannot move: its own, and those where something of it is left. */
import type { Host, NewMove } from '#contracts/store/store.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import type { WorkflowContext } from '../../engine/context.ts';

type Excluded = RequestSpec['failedHosts'];

/**
 * The server's own host, those that may still have a guest of an earlier move, and those that have
 * the same storage as one of them, if that removes the server's files when it is back.
 */
export async function excludedHosts(
  { store }: Pick<WorkflowContext, 'store'>,
  { source, serverId }: Pick<NewMove, 'source' | 'serverId'>,
): Promise<Excluded> {
  const own = source === null ? [] : [{ host: source.name, reason: 'the server is on it' }];
  const earlier = await store.moves.select({ serverId, limit: 100 });
  const left = earlier.filter(({ leftOn }) => leftOn !== null);
  if (left.length === 0) return own;
  const hosts = await store.hosts.list();
  const excluded = left.flatMap(({ leftOn, context }) => {
    const host = hosts.find(({ id }) => id === leftOn);
    if (host === undefined) return [];
    const reason = 'it may still have a guest of this server, from an earlier move';
    const keepsFiles = context.sharesFiles === true;
    return [{ host: host.name, reason }, ...(keepsFiles ? [] : sharing(hosts, host))];
  });
  return [...own, ...excluded];
}

/** The other hosts with the storage of this one. */
function sharing(hosts: readonly Host[], { id, name, facts }: Host): Excluded {
  const { sharedStorage } = facts;
  if (sharedStorage === undefined) return [];
  const reason = `its storage is that of ${name}, which removes the files of this server once it is back: start ${name}, or remove it for good (novella host forget)`;
  return hosts
    .filter((host) => host.id !== id && host.facts.sharedStorage === sharedStorage)
    .map((host) => ({ host: host.name, reason }));
}
