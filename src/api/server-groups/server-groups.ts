/**
 * `os-server-groups`: list, show, create, delete. Source: Nova compute API reference, "Server
 * groups".
 */
import { maySee } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import type { ServerGroup } from '#core/servers/server-group.ts';
import { type StepDown, steppedDown, type View, without } from '../requests/microversions.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { requestedSlice } from '../requests/paging.ts';
import { isAllowed, requireOwnRule, requireRule, targetOf } from '../requests/permission.ts';
import type { Call, Reply } from '../requests/route.ts';
import type { CreateGroupBody } from './schemas.ts';

const steps: StepDown<ServerGroup>[] = [
  {
    below: 64,
    undo: (view, { policy }) => {
      delete view['policy'];
      delete view['rules'];
      Object.assign(view, { policies: [policy], metadata: {} });
    },
  },
  without(13, 'project_id', 'user_id'),
];

export const groupsQuery = ['limit', 'offset', 'all_projects'] as const;

/**
 * `all_projects` has no effect for those who may not see them.
 */
export async function listGroups(call: Call): Promise<Reply> {
  const isAll = 'all_projects' in call.query && mayListAll(call);
  const { projectId } = call.caller;
  const groups = await call.context.store.serverGroups.list({
    ...(!isAll && { projectId }),
    ...requestedSlice(call.query),
  });
  return { body: { server_groups: await mapInTurns(groups, (each) => view(call, each)) } };
}

/** Throws `forbidden` for an administrator without the rule, as Nova does; others see their own. */
function mayListAll(call: Call): boolean {
  const rule = 'os_compute_api:os-server-groups:index:all_projects';
  if (call.caller.isAdmin) requireRule(call, rule);
  return isAllowed(call, rule);
}

export async function showGroup(call: Call): Promise<Reply> {
  return { body: { server_group: view(call, await findGroup(call)) } };
}

export async function createGroup(call: Call<CreateGroupBody>): Promise<Reply> {
  const requested = call.body.server_group;
  const policy = 'policy' in requested ? requested.policy : requested.policies[0];
  const most = 'policy' in requested ? requested.rules?.max_server_per_host : undefined;
  if (most !== undefined && policy !== 'anti-affinity') {
    throw new ComputeError(
      'invalid',
      `Only anti-affinity policy supports rules: max_server_per_host was given with '${policy}'.`,
    );
  }
  const { store, configuredQuotas } = call.context;
  const made = {
    id: call.context.newId(),
    name: requested.name,
    projectId: call.caller.projectId,
    userId: call.caller.userId,
    policy,
    maxServersPerHost: most === undefined ? null : Number(most),
  };
  const group = await store.serverGroups.create(made, configuredQuotas(made.projectId));
  return { body: { server_group: view(call, group) } };
}

/** Its servers stay as they are. */
export async function deleteGroup(call: Call): Promise<Reply> {
  const { id } = await findGroup(call);
  await call.context.store.serverGroups.remove(id);
  return {};
}

/** The group of `:id`. Throws `notFound`, also for another project's. */
async function findGroup(call: Call): Promise<ServerGroup> {
  const id = call.params['id'] ?? '';
  const group = await call.context.store.serverGroups.get(id);
  if (group !== undefined && maySee(call.caller, group.projectId)) {
    requireOwnRule(call, targetOf(group));
    return group;
  }
  throw new ComputeError('notFound', `Instance group ${id} could not be found.`);
}

function view(call: Call, group: ServerGroup): View {
  const { maxServersPerHost: most } = group;
  return steppedDown(
    {
      id: group.id,
      name: group.name,
      policy: group.policy,
      rules: most === null ? {} : { max_server_per_host: most },
      members: group.members,
      project_id: group.projectId,
      user_id: group.userId,
    },
    call.version,
    steps,
    group,
  );
}
