/**
 * A process with thousands of agents of simulated hosts. Each is a `novella agent`, with its own
 * certificate, link and reports; what hosts have in common is made once.
 */
import { join } from 'node:path';
import { pino } from 'pino';
import { AgentIdentity } from '#integrations/host-link/identity/agent-identity.ts';
import { ControllerAddresses } from '#integrations/host-link/identity/controller-addresses.ts';
import { httpImageSource } from '#integrations/image-source/over-http.ts';
import { startLinkedAgent } from '#programs/agent/linked-agent.ts';
import type { HostParts } from '#programs/config/host-parts.ts';
import { livingParts } from '#programs/hosts/running-hosts.ts';
import { simulatedHosts } from '#programs/hosts/simulated-agents.ts';
import { ChangeCounter } from '#runtime/timing/change-counter.ts';
import { sharedTimers } from '#runtime/timing/shared-timer.ts';
import { atOnce } from '../at-once.ts';
import { answerParent } from './child.ts';
import { fleetOf, hostNames } from './plan.ts';

export interface AgentsPlan {
  /** The number of hosts of the whole fleet, and the first one that has its agent here. */
  fleet: number;
  first: number;
  /** Their join tokens, in order. */
  tokens: string[];
  controllerUrls: string[];
  folder: string;
}

/** `join`: each host gets its certificate. `link`: all agents start at once. */
export type AgentsRequest = { do: 'join'; plan: AgentsPlan } | { do: 'link' };

const joinsAtOnce = 16;
const log = pino({ level: 'error' }, pino.destination({ dest: 2, sync: true }));
let plan: AgentsPlan | undefined;

answerParent(async (request: AgentsRequest) => {
  if (request.do === 'join') {
    ({ plan } = request);
    await joinAll(request.plan);
    return;
  }
  if (plan === undefined) throw new Error('link before join');
  await linkAll(plan);
});

async function joinAll(of: AgentsPlan): Promise<void> {
  const names = hostNames(of.fleet).slice(of.first);
  const hosts = of.tokens.map((token, at) => ({ name: names[at] ?? '', token }));
  await atOnce(hosts, joinsAtOnce, async ({ name, token }) => {
    await identityOf(of, name, token).join(token);
  });
}

async function linkAll(of: AgentsPlan): Promise<void> {
  const every = sharedTimers();
  const { controllerUrls } = of;
  const starting = (await hostsOf(of)).map((host) => {
    const changes = host.simulated?.changes ?? new ChangeCounter();
    const life = { isOver: false, watcher: undefined, changes };
    return startLinkedAgent({
      host: host.host,
      controllerUrls,
      folder: folderOf(of, host.host),
      token: undefined,
      parts: async () => ({ ...host, ...livingParts(host, life), every }),
      log,
    });
  });
  await Promise.all(starting);
}

async function hostsOf(of: AgentsPlan): Promise<HostParts[]> {
  const all = await simulatedHosts(fleetOf(of.fleet), {
    folder: join(of.folder, 'hosts'),
    imagesOf: (host) => httpImageSource({ connection: () => identityOf(of, host).connection() }),
  });
  return all.slice(of.first, of.first + of.tokens.length);
}

function identityOf(of: AgentsPlan, host: string, token?: string): AgentIdentity {
  return new AgentIdentity({
    host,
    controllers: new ControllerAddresses(of.controllerUrls),
    folder: folderOf(of, host),
    token: () => token,
    log,
  });
}

function folderOf({ folder }: AgentsPlan, host: string): string {
  return join(folder, 'agents', host);
}
