/** Neutron as the network service: exactly the calls that the compute side needs. */
import type { Clock } from '#contracts/clock.ts';
import type { Caller } from '#contracts/services/identity.ts';
import type { Acting, NetworkService, WantedSecurityGroups } from '#contracts/services/network.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import type { NewPortBinding, PortBinding } from '#core/networking/binding/port-bindings.ts';
import type { FloatingIp, Network, Port, UsableNetwork } from '#core/networking/port.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import { batched } from './batched.ts';
import { type NeutronAgent, type NeutronAgents, toAgent } from './neutron-agents.ts';
import {
  type NeutronBinding,
  type NeutronFloatingIp,
  type NeutronNetwork,
  type NeutronPort,
  type NeutronSecurityGroup,
  type NeutronSubnet,
  newPortBody,
  portChangeBody,
  showsBinding,
  showsSegments,
  toBinding,
  toFloatingIps,
  toNetwork,
  toPort,
  toSecurityGroup,
  toUsable,
} from './neutron-shapes.ts';
import { whyRefused } from '../own-user.ts';
import { refusalOf } from '../http/refusals.ts';
import { cached } from './cached.ts';
import type { Session, SessionCall } from '../http/session.ts';

export interface NeutronOptions {
  session: Session;
  clock: Clock;
  /** How long a network read with the service's rights is cached, with its subnets. */
  networkCacheMs: number;
  /** How long the list of agents is cached. */
  agentCacheMs: number;
}

/**
 * What a user names is read with the user's token and never cached: Neutron decides who may read
 * it. Ports are never cached here.
 */
export function createNeutron(options: NeutronOptions): NetworkService {
  const { clock, session } = options;
  const neutron = createClient(session);
  const read = batched((ids) => readNetworks(neutron, ids));
  const networks = cached(clock, options.networkCacheMs, async (id) => {
    const network = await read(id);
    if (network !== undefined) return network;
    throw new ComputeError('notFound', `network ${id} could not be found`);
  });
  const agents = cached(clock, options.agentCacheMs, async () => {
    const readAt = clock.now();
    return new NetworkAgents((await listAgents(neutron)).map(toAgent), readAt);
  });
  const shownGroups = rememberedGroups(clock, neutron);
  return {
    async showPort(id, caller) {
      const path = portPath(id);
      return toPort((await neutron.ask<{ port: NeutronPort }>({ path, acting: caller })).port);
    },
    async findNetwork(id, caller) {
      const path = `/v2.0/networks/${encodeURIComponent(id)}`;
      const { network } = await neutron.ask<{ network: NeutronNetwork }>({ path, acting: caller });
      return toUsable(network);
    },
    async listBootableNetworks(caller) {
      const own = await listNetworks(neutron, ['project_id', caller.projectId], caller);
      return own.length > 0 ? own : listNetworks(neutron, ['shared', 'True'], caller);
    },
    // A copy: a caller must not change what the next one gets.
    showNetwork: async (id) => structuredClone(await networks(id)),
    listPorts: (ids) => portsOf(neutron, ids),
    async listPortGroups(ids) {
      const ports = await portsOf(neutron, ids);
      return new Map(ports.map(({ id, securityGroupIds = [] }) => [id, securityGroupIds]));
    },
    listServerPorts: (serverId) => readPorts(neutron, [['device_id', serverId]]),
    listFloatingIps: (portIds) => floatingIpsOf(neutron, portIds),
    listAgents: (isDoubted) => agents('all', isDoubted),
    listSecurityGroups: (wanted, caller, isDisplayOnly = false) =>
      'ids' in wanted && isDisplayOnly
        ? shownGroups(wanted.ids, caller)
        : listSecurityGroups(neutron, wanted, caller),
    async createPort(port, caller) {
      const call = { method: 'POST', path: '/v2.0/ports', body: newPortBody(port) } as const;
      return toPort((await neutron.ask<{ port: NeutronPort }>({ ...call, acting: caller })).port);
    },
    async updatePort(id, change) {
      return neutron.changed({ method: 'PUT', path: portPath(id), body: portChangeBody(change) });
    },
    async deletePort(id) {
      await neutron.remove(portPath(id));
    },
    async listPortBindings(portId) {
      const path = bindingsPath(portId);
      const answer = await neutron.ask<{ bindings: NeutronBinding[] }>({ path, acting: 'service' });
      return answer.bindings.map(toBinding);
    },
    addPortBinding: (portId, binding) => addPortBinding(neutron, portId, binding),
    async activatePortBinding(portId, host) {
      const path = `${bindingsPath(portId, host)}/activate`;
      await neutron.ask({ method: 'PUT', path, acting: 'service' });
    },
    async removePortBinding(portId, host) {
      await neutron.remove(bindingsPath(portId, host));
    },
  };
}

type Neutron = ReturnType<typeof createClient>;

function createClient(session: Session) {
  const refusal = async (call: SessionCall, answer: Parameters<typeof refusalOf>[0]) =>
    refusalOf(answer, {
      name: await session.name(),
      owner: await session.owner(),
      acting: call.acting,
      act: `${call.method} ${call.path}`,
    });
  const ask = async <Body>(
    given: Partial<SessionCall> & Pick<SessionCall, 'path' | 'acting'>,
  ): Promise<Body> => {
    const call: SessionCall = { method: 'GET', ...given };
    const answer = await session.call(call);
    if (answer.status >= 200 && answer.status < 300 && answer.body !== undefined) {
      return answer.body as Body;
    }
    throw await refusal(call, answer);
  };
  const tooFewRights = async (what: string) =>
    new ComputeError(
      'forbidden',
      `the ${await session.name()} does not show ${what}: ${whyRefused(await session.owner())}`,
    );
  /** Without the right to read bindings every port would seem unbound, with an empty profile. */
  const bindable = async (port: NeutronPort): Promise<NeutronPort> => {
    if (showsBinding(port)) return port;
    throw await tooFewRights(`where port ${port.id} is bound`);
  };
  return {
    ask,
    bindable,
    tooFewRights,
    /** The port that a change returns is the current port, bound or not. */
    async changed(call: Pick<SessionCall, 'method' | 'path' | 'body'>): Promise<Port> {
      const { port } = await ask<{ port: NeutronPort }>({
        ...call,
        acting: 'service',
        isWhole: (body) => showsBinding((body as { port: NeutronPort }).port),
      });
      return toPort(await bindable(port));
    },
    async remove(path: string): Promise<void> {
      const call: SessionCall = { method: 'DELETE', path, acting: 'service' };
      const answer = await session.call(call);
      const isGone = answer.status === 404 || (answer.status >= 200 && answer.status < 300);
      if (!isGone) throw await refusal(call, answer);
    },
  };
}

function portPath(id: string): string {
  return `/v2.0/ports/${encodeURIComponent(id)}`;
}

function bindingsPath(portId: string, ...host: [host: string] | []): string {
  return [portPath(portId), 'bindings', ...host.map(encodeURIComponent)].join('/');
}

/** Example: `[['device_id', '5f']]` → `?device_id=5f`. */
function query(filters: [string, string][]): string {
  return `?${new URLSearchParams(filters).toString()}`;
}

async function readPorts(neutron: Neutron, filters: [string, string][]): Promise<Port[]> {
  const { ports } = await neutron.ask<{ ports: NeutronPort[] }>({
    path: `/v2.0/ports${query(filters)}`,
    acting: 'service',
    isWhole: (body) => (body as { ports: NeutronPort[] }).ports.every(showsBinding),
  });
  return Promise.all(ports.map(async (port) => toPort(await neutron.bindable(port))));
}

async function portsOf(neutron: Neutron, ids: readonly string[]): Promise<Port[]> {
  if (ids.length === 0) return [];
  return readPorts(
    neutron,
    ids.map((id) => ['id', id]),
  );
}

/** A network service without routers has no such path, or does not offer it. */
async function floatingIpsOf(neutron: Neutron, portIds: readonly string[]): Promise<FloatingIp[]> {
  if (portIds.length === 0) return [];
  const path = `/v2.0/floatingips${query(portIds.map((id) => ['port_id', id]))}`;
  try {
    type Answer = { floatingips: NeutronFloatingIp[] };
    return toFloatingIps((await neutron.ask<Answer>({ path, acting: 'service' })).floatingips);
  } catch (error) {
    if (isComputeError(error, 'notFound') || isComputeError(error, 'notImplemented')) return [];
    throw error;
  }
}

/** One call for the networks, and one for all their subnets. */
async function readNetworks(
  neutron: Neutron,
  ids: readonly string[],
): Promise<Map<string, Network>> {
  const path = `/v2.0/networks${query(ids.map((id) => ['id', id]))}`;
  const { networks } = await neutron.ask<{ networks: NeutronNetwork[] }>({
    path,
    acting: 'service',
    isWhole: (body) => (body as { networks: NeutronNetwork[] }).networks.every(showsSegments),
  });
  const hidden = networks.find((network) => !showsSegments(network));
  if (hidden !== undefined) {
    throw await neutron.tooFewRights(`the physical network of network ${hidden.id}`);
  }
  const subnets = await subnetsOf(neutron, networks);
  return new Map(networks.map((network) => [network.id, toNetwork(network, subnets)]));
}

async function subnetsOf(
  neutron: Neutron,
  networks: readonly NeutronNetwork[],
): Promise<NeutronSubnet[]> {
  const having = networks.filter((network) => network.subnets.length > 0);
  if (having.length === 0) return [];
  const path = `/v2.0/subnets${query(having.map(({ id }) => ['network_id', id]))}`;
  return (await neutron.ask<{ subnets: NeutronSubnet[] }>({ path, acting: 'service' })).subnets;
}

async function listNetworks(
  neutron: Neutron,
  filter: [string, string],
  acting: Acting,
): Promise<UsableNetwork[]> {
  const path = `/v2.0/networks${query([filter])}`;
  const { networks } = await neutron.ask<{ networks: NeutronNetwork[] }>({ path, acting });
  return networks.map(toUsable);
}

async function addPortBinding(
  neutron: Neutron,
  portId: string,
  { host, vnicType, profile }: NewPortBinding,
): Promise<PortBinding> {
  const answer = await neutron.ask<{ binding: NeutronBinding }>({
    method: 'POST',
    path: bindingsPath(portId),
    body: { binding: { host, vnic_type: vnicType, profile } },
    acting: 'service',
  });
  return toBinding(answer.binding);
}

const shownGroupsMs = 1_000;

/** Keyed by token and ids: no caller gets what another token was shown. */
function rememberedGroups(clock: Clock, neutron: Neutron) {
  const groups = cached(
    clock,
    shownGroupsMs,
    ({ ids, caller }: { ids: readonly string[]; caller: Caller }) =>
      listSecurityGroups(neutron, { ids }, caller),
    ({ ids, caller }) => [caller.token, ...ids].join(' '),
  );
  return async (ids: readonly string[], caller: Caller): Promise<SecurityGroup[]> =>
    // A copy: a caller must not change what the next one gets.
    structuredClone(await groups({ ids: ids.toSorted(), caller }));
}

async function listSecurityGroups(
  neutron: Neutron,
  wanted: WantedSecurityGroups,
  acting: Caller,
): Promise<SecurityGroup[]> {
  const filters: [string, string][] =
    'ids' in wanted
      ? wanted.ids.map((id): [string, string] => ['id', id])
      : [['project_id', wanted.projectId]];
  if (filters.length === 0) return [];
  const path = `/v2.0/security-groups${query(filters)}`;
  const answer = await neutron.ask<{ security_groups: NeutronSecurityGroup[] }>({ path, acting });
  return answer.security_groups.map(toSecurityGroup);
}

/** Reads all pages: an omitted agent would count as missing. */
async function listAgents(neutron: Neutron): Promise<NeutronAgent[]> {
  const all: NeutronAgent[] = [];
  let isMore = true;
  while (isMore) {
    const last = all.at(-1);
    const path = `/v2.0/agents${last === undefined ? '' : query([['marker', last.id]])}`;
    const page = await neutron.ask<NeutronAgents>({ path, acting: 'service' });
    all.push(...page.agents);
    isMore = page.agents.length > 0 && (page.agents_links ?? []).some(({ rel }) => rel === 'next');
  }
  return all;
}
