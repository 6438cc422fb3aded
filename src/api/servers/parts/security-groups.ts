/**
 * The security groups of servers, read from their ports. Source: Nova `security_group_api.py`;
 * compute API reference, "List Security Groups By Server".
 */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { ShownServer } from '#contracts/store/server-selection.ts';
import { isComputeError } from '#core/errors.ts';
import type { SecurityGroup, SecurityGroupRule } from '#core/networking/security-group.ts';
import type { SecurityGroupChange } from '#workflows/ports/security-groups.ts';
import * as field from '../../requests/fields.ts';
import type { Static } from 'typebox';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';

/** So that no URL to the network service grows too long. */
const portsAtOnce = 100;

/**
 * Of each server by its id, those that the caller may see, each once. Empty where the network
 * service does not answer: a server is shown without its groups rather than not at all.
 * `isDisplayOnly`: names may be a second old; which groups a port has is always read.
 */
export async function groupsOfServers(
  call: Call,
  servers: readonly ShownServer[],
  { isDisplayOnly = false }: { isDisplayOnly?: boolean } = {},
): Promise<Map<string, SecurityGroup[]>> {
  try {
    const ids = await groupIdsOfServers(call, servers);
    const all = [...new Set([...ids.values()].flat())];
    const known = new Map<string, SecurityGroup>();
    for (const [at, part] of parts(all).entries()) {
      if (at > 0) await afterEvents();
      const groups = await call.context.network.listSecurityGroups(
        { ids: part },
        call.caller,
        isDisplayOnly,
      );
      for (const group of groups) known.set(group.id, group);
    }
    return new Map(
      [...ids].map(([server, groups]) => [server, groups.flatMap((id) => known.get(id) ?? [])]),
    );
  } catch (error) {
    if (isComputeError(error, 'unavailable')) return new Map();
    throw error;
  }
}

async function groupIdsOfServers(
  { context }: Call,
  servers: readonly ShownServer[],
): Promise<Map<string, readonly string[]>> {
  const portIds = ({ nics }: ShownServer) =>
    nics.map(({ portId }) => portId).filter((id) => id !== null);
  const groups = new Map<string, readonly string[]>();
  for (const [at, part] of parts(servers.flatMap(portIds)).entries()) {
    if (at > 0) await afterEvents();
    for (const [id, ids] of await context.network.listPortGroups(part)) groups.set(id, ids);
  }
  const groupIds = (server: ShownServer): readonly string[] => {
    const [first, ...others] = portIds(server).map((id) => groups.get(id) ?? []);
    return others.length === 0 ? (first ?? []) : [...new Set([first ?? [], ...others].flat())];
  };
  return new Map(servers.map((server) => [server.id, groupIds(server)]));
}

function parts(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / portsAtOnce);
  return Array.from({ length: count }, (_, at) =>
    ids.slice(at * portsAtOnce, (at + 1) * portsAtOnce),
  );
}

/** With the rules for what comes in. */
export async function listServerGroups(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const groups = (await groupsOfServers(call, [server])).get(server.id) ?? [];
  const order = ({ projectId, name }: SecurityGroup) => `${projectId} ${name}`;
  const sorted = groups.toSorted((one, other) => (order(one) < order(other) ? -1 : 1));
  return { body: { security_groups: sorted.map((group) => viewGroup(group, groups)) } };
}

function viewGroup(group: SecurityGroup, known: SecurityGroup[]) {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    tenant_id: group.projectId,
    rules: group.rules
      .filter(({ direction }) => direction === 'ingress')
      .map((rule) => viewRule(rule, group, known)),
  };
}

function viewRule(
  rule: SecurityGroupRule,
  { id, projectId }: SecurityGroup,
  known: SecurityGroup[],
) {
  const { protocol, remoteGroupId } = rule;
  const [from, to] = portsOf(rule);
  const remote = known.find((group) => group.id === remoteGroupId);
  return {
    id: rule.id,
    parent_group_id: id,
    ip_protocol: protocol,
    from_port: from,
    to_port: to,
    group:
      remoteGroupId === null
        ? {}
        : { name: remote?.name ?? remoteGroupId, tenant_id: remote?.projectId ?? projectId },
    ip_range: remoteGroupId === null ? { cidr: rule.remoteIpPrefix ?? '0.0.0.0/0' } : {},
  };
}

/**
 * All ports of a protocol are 1 to 65535 where it has ports, and -1 where it has none. Source:
 * Nova's view of Neutron's rules.
 */
function portsOf({ protocol, portRangeMin, portRangeMax }: SecurityGroupRule) {
  if (protocol === null || portRangeMin !== null || portRangeMax !== null) {
    return [portRangeMin, portRangeMax];
  }
  return /^(tcp|udp)$/i.test(protocol) ? [1, 65_535] : [-1, -1];
}

const group = closed({ name: field.name });
const addBody = closed({ addSecurityGroup: group });
const removeBody = closed({ removeSecurityGroup: group });
export const addGroupBody = () => addBody;
export const removeGroupBody = () => removeBody;

export function addGroup(call: Call<Static<typeof addBody>>): Promise<Reply> {
  return changeGroups(call, { act: 'add', group: call.body.addSecurityGroup.name });
}

export function removeGroup(call: Call<Static<typeof removeBody>>): Promise<Reply> {
  return changeGroups(call, { act: 'remove', group: call.body.removeSecurityGroup.name });
}

/** On all ports of the server, as Nova does. */
async function changeGroups(call: Call, change: SecurityGroupChange): Promise<Reply> {
  const server = await findServer(call);
  await call.context.workflows.changeGroups(call.caller, server, change);
  return {};
}
