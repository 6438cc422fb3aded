/**
 * Security groups of servers: looked up at boot, added to and removed from the ports of a server.
 * Source: Nova `network/security_group_api.py`.
 */
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { Port } from '#core/networking/port.ts';
import { chooseGroup } from '#core/networking/security-group.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { ownPorts } from './own-ports.ts';

/**
 * The ids for the ports that a boot creates; undefined when only `default` is requested, which the
 * network service applies anyway. Looked up even where every NIC brings its port. Throws `invalid`
 * for a group that the project lacks, `conflict` for an ambiguous name.
 */
export async function groupsForBoot(
  context: WorkflowContext,
  caller: Caller,
  requested: readonly string[],
): Promise<string[] | undefined> {
  if (requested.every((name) => name === 'default')) return undefined;
  const find = await groupFinder(context, caller, { projectId: caller.projectId, requested });
  return [
    ...new Set(requested.map((name, at) => find(name, `security_groups[${at}].name`, 'invalid'))),
  ];
}

/** A requested action on a server's groups. */
export interface SecurityGroupChange {
  act: 'add' | 'remove';
  /** A name or an id. */
  group: string;
}

/**
 * Adds the group to every port of the server, or removes it from those that have it. Throws
 * `notFound` for a group or port that does not exist, `conflict` for an ambiguous name, `invalid`
 * where a port takes no groups.
 */
export async function changeGroups(
  context: WorkflowContext,
  caller: Caller,
  server: Server,
  { act, group }: SecurityGroupChange,
): Promise<void> {
  const { projectId } = server;
  const find = await groupFinder(context, caller, { projectId, requested: [group] });
  const groupId = find(group, 'name', 'notFound');
  const ports = await ownPorts(context, server);
  const changed = act === 'add' ? added(server, ports, groupId) : removed(server, ports, groupId);
  for (const { id, securityGroupIds } of changed) {
    await context.network.updatePort(id, { securityGroupIds });
  }
}

interface ChangedPort {
  id: string;
  securityGroupIds: string[];
}

function added(server: Server, ports: readonly Port[], groupId: string): ChangedPort[] {
  if (ports.length === 0) {
    throw new ComputeError('notFound', `instance ${server.id} has no port to add the group to`);
  }
  const refusing = ports.find(
    ({ portSecurityEnabled, fixedIps }) => portSecurityEnabled === false || fixedIps.length === 0,
  );
  if (refusing !== undefined) {
    throw new ComputeError(
      'invalid',
      `port ${refusing.id} takes no security group: it needs port security and an address`,
    );
  }
  return ports
    .filter((port) => !groupsOf(port).includes(groupId))
    .map((port) => ({ id: port.id, securityGroupIds: [...groupsOf(port), groupId] }));
}

function removed(server: Server, ports: readonly Port[], groupId: string): ChangedPort[] {
  const having = ports.filter((port) => groupsOf(port).includes(groupId));
  if (having.length === 0) {
    const message = `Security group ${groupId} not associated with the instance ${server.id}`;
    throw new ComputeError('notFound', message);
  }
  return having.map((port) => ({
    id: port.id,
    securityGroupIds: groupsOf(port).filter((id) => id !== groupId),
  }));
}

const groupsOf = ({ securityGroupIds = [] }: Port) => securityGroupIds;

const uuidForm = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/**
 * Names are the project's; an id may be of a group shared with the caller. `kind`: of the error for
 * a group that does not exist.
 */
async function groupFinder(
  { network }: WorkflowContext,
  caller: Caller,
  { projectId, requested }: { projectId: string; requested: readonly string[] },
): Promise<(idOrName: string, field: string, kind: ErrorKind) => string> {
  const own = await network.listSecurityGroups({ projectId }, caller);
  const ids = requested.filter((text) => uuidForm.test(text) && !own.some(({ id }) => id === text));
  const shared =
    ids.length === 0 || caller.isAdmin ? [] : await network.listSecurityGroups({ ids }, caller);
  return (idOrName, field, kind) => {
    const byId = shared.find(({ id }) => id === idOrName);
    const chosen = chooseGroup(idOrName, byId === undefined ? own : [byId]);
    if (chosen.ok) return chosen.id;
    if (chosen.why === 'ambiguous') {
      throw new ComputeError(
        'conflict',
        `${field}: Multiple security_group matches found for name '${idOrName}', use an ID to be more specific.`,
      );
    }
    throw new ComputeError(
      kind,
      `${field}: Security group ${idOrName} is not found for project ${projectId}.`,
    );
  };
}
