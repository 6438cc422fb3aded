/**
 * The requested placement of a server relative to others, by its group and by hints: checked when
 * it is created, resolved when it is placed.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { Transition } from '#contracts/store/store.ts';
import type { BootData } from '#contracts/store/task-data.ts';
import { ComputeError } from '#core/errors.ts';
import type { RequestSpec } from '#core/scheduling/request-spec.ts';
import type { PlacementHints } from '#core/servers/new-server.ts';
import type { ServerGroup } from '#core/servers/server-group.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * Throws `invalid`, naming the hint and the id, for a group or server that does not exist or is
 * another project's.
 */
export async function refuseUnknownHints(
  { store }: WorkflowContext,
  { projectId }: Caller,
  { group, sameHost, differentHost }: PlacementHints,
): Promise<void> {
  if (group !== null && (await store.serverGroups.get(group))?.projectId !== projectId) {
    throw new ComputeError('invalid', `Instance group ${group} could not be found.`);
  }
  for (const [hint, ids] of Object.entries({
    same_host: sameHost,
    different_host: differentHost,
  })) {
    for (const id of ids) {
      const server = await store.servers.get(id);
      if (server?.projectId === projectId && server.deletedAt === null) continue;
      throw new ComputeError(
        'invalid',
        `os:scheduler_hints.${hint}: Instance ${id} could not be found.`,
      );
    }
  }
}

/**
 * `serverGroup` is part of the commit of the choice, so that no other server of the group is placed
 * in between.
 */
export interface PlacementRequest {
  spec: Pick<RequestSpec, 'group' | 'sameHost' | 'differentHost'>;
  serverGroup: Transition['serverGroup'];
}

/**
 * The requested placement as hosts. Read before the hosts themselves: a server that moves in
 * between makes the group's generation stale.
 */
export async function placementRequest(
  context: WorkflowContext,
  serverId: string,
  { sameHost = [], differentHost = [] }: Pick<BootData, 'sameHost' | 'differentHost'>,
): Promise<PlacementRequest> {
  const isInNoGroup = context.run?.known.isInNoGroup === true;
  const group = isInNoGroup ? undefined : await context.store.serverGroups.of(serverId);
  return {
    spec: await hostsRequested(context, group, { sameHost, differentHost }),
    serverGroup: group && { id: group.id, generation: group.generation },
  };
}

/** The same of a server in this group. */
export async function hostsRequested(
  context: Pick<WorkflowContext, 'store'>,
  group: ServerGroup | undefined,
  { sameHost, differentHost }: Pick<PlacementHints, 'sameHost' | 'differentHost'>,
): Promise<PlacementRequest['spec']> {
  return {
    group:
      group === undefined
        ? null
        : {
            name: group.name,
            policy: group.policy,
            maxServersPerHost: group.maxServersPerHost ?? 1,
            hosts: await context.store.serverGroups.hosts(group.id),
          },
    sameHost: sameHost.length === 0 ? null : await hostsOf(context, sameHost),
    differentHost: await hostsOf(context, differentHost),
  };
}

/** Names of the hosts of these servers; a deleted server, or one without a host yet, has none. */
async function hostsOf(
  { store }: Pick<WorkflowContext, 'store'>,
  serverIds: readonly string[],
): Promise<string[]> {
  const servers = await Promise.all(serverIds.map((id) => store.servers.get(id)));
  return servers.flatMap((server) =>
    server?.deletedAt === null && server.hostName !== null ? [server.hostName] : [],
  );
}
