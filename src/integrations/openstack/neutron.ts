/** Neutron as the network service: exactly the calls that the compute side needs. */
import type { Clock } from '#contracts/clock.ts';
import type { Acting, NetworkService } from '#contracts/network.ts';
import { ComputeError } from '#core/errors.ts';
import type { Network, Port } from '#core/networking/port.ts';
import {
  type NeutronNetwork,
  type NeutronPort,
  type NeutronSubnet,
  newPortBody,
  portChangeBody,
  showsBinding,
  showsSegments,
  toNetwork,
  toPort,
} from './neutron-shapes.ts';
import { refusalOf } from './refusals.ts';
import type { Session, SessionCall } from './session.ts';

export interface NeutronOptions {
  session: Session;
  clock: Clock;
  /** How long a network that was read with the service's rights is believed, with its subnets. */
  cacheMs: number;
}

/**
 * A port costs one call, a network one and one for its subnets. What a user names is read with the user's token and never from memory: who may
 * see it is Neutron's to judge.
 */
export function createNeutron(options: NeutronOptions): NetworkService {
  const neutron = asker(options.session);
  const networks = remembered(options, (id) => readNetwork(neutron, id, 'service'));
  return {
    async showPort(id, acting) {
      const { port } = await neutron.ask<{ port: NeutronPort }>({ path: portPath(id), acting });
      return toPort(acting === 'service' ? await neutron.bindable(port) : port);
    },
    showNetwork: (id, acting) =>
      acting === 'service' ? networks(id) : readNetwork(neutron, id, acting),
    async listBootableNetworks(caller) {
      const own = await listNetworks(neutron, ['project_id', caller.projectId], caller);
      return own.length > 0 ? own : listNetworks(neutron, ['shared', 'True'], caller);
    },
    async listServerPorts(serverId) {
      const path = `/v2.0/ports${query([['device_id', serverId]])}`;
      const { ports } = await neutron.ask<{ ports: NeutronPort[] }>({ path, acting: 'service' });
      return Promise.all(ports.map(async (port) => toPort(await neutron.bindable(port))));
    },
    async createPort(port) {
      return neutron.changed({ method: 'POST', path: '/v2.0/ports', body: newPortBody(port) });
    },
    async updatePort(id, change) {
      return neutron.changed({ method: 'PUT', path: portPath(id), body: portChangeBody(change) });
    },
    async deletePort(id) {
      await neutron.remove(portPath(id));
    },
  };
}

type Neutron = ReturnType<typeof asker>;

function asker(session: Session) {
  const refusal = async (call: SessionCall, answer: Parameters<typeof refusalOf>[0]) =>
    refusalOf(answer, {
      name: await session.name(),
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
      `the ${await session.name()} does not show ${what} to the service user: it needs the role \`admin\` in Keystone`,
    );
  /** Without the right to see a binding every port would look unbound, and its profile empty. */
  const bindable = async (port: NeutronPort): Promise<NeutronPort> => {
    if (showsBinding(port)) return port;
    throw await tooFewRights(`where port ${port.id} is bound`);
  };
  return {
    ask,
    bindable,
    tooFewRights,
    /** The port that a change answers with is the port as it is now, bound or not. */
    async changed(call: Pick<SessionCall, 'method' | 'path' | 'body'>): Promise<Port> {
      const { port } = await ask<{ port: NeutronPort }>({ ...call, acting: 'service' });
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

/** Example: `[['device_id', '5f']]` → `?device_id=5f`. */
function query(filters: [string, string][]): string {
  return `?${new URLSearchParams(filters).toString()}`;
}

async function readNetwork(neutron: Neutron, id: string, acting: Acting): Promise<Network> {
  const path = `/v2.0/networks/${encodeURIComponent(id)}`;
  const { network } = await neutron.ask<{ network: NeutronNetwork }>({ path, acting });
  if (acting === 'service' && !showsSegments(network)) {
    throw await neutron.tooFewRights(`the physical network of network ${id}`);
  }
  return toNetwork(network, await subnetsOf(neutron, [network], acting));
}

async function listNetworks(
  neutron: Neutron,
  filter: [string, string],
  acting: Acting,
): Promise<Network[]> {
  const path = `/v2.0/networks${query([filter])}`;
  const { networks } = await neutron.ask<{ networks: NeutronNetwork[] }>({ path, acting });
  const subnets = await subnetsOf(neutron, networks, acting);
  return networks.map((network) => toNetwork(network, subnets));
}

/** One call for all, and none where there are none. */
async function subnetsOf(
  neutron: Neutron,
  networks: NeutronNetwork[],
  acting: Acting,
): Promise<NeutronSubnet[]> {
  const having = networks.filter((network) => network.subnets.length > 0);
  if (having.length === 0) return [];
  const path = `/v2.0/subnets${query(having.map(({ id }) => ['network_id', id]))}`;
  return (await neutron.ask<{ subnets: NeutronSubnet[] }>({ path, acting })).subnets;
}

/** Bounded, for ids come from users. */
const mostRemembered = 1_000;

/** What was read within `cacheMs` is not read again, and two who ask at once ask once. An error is not remembered. */
function remembered(
  { clock, cacheMs }: NeutronOptions,
  read: (id: string) => Promise<Network>,
): (id: string) => Promise<Network> {
  const known = new Map<string, { until: number; network: Promise<Network> }>();
  return async (id) => {
    const found = known.get(id);
    if (found !== undefined && clock.now() < found.until)
      return structuredClone(await found.network);
    const entry = { until: clock.now() + cacheMs, network: read(id) };
    known.delete(id);
    known.set(id, entry);
    const [oldest] = known.keys();
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest);
    entry.network.catch(() => {
      if (known.get(id) === entry) known.delete(id);
    });
    return structuredClone(await entry.network);
  };
}
