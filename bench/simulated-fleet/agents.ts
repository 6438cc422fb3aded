/** The agents of a fleet, in a few processes. */
import type { Session } from '#client/session/session.ts';
import { request } from '#client/session/request.ts';
import { atOnce } from '../at-once.ts';
import type { AgentsPlan, AgentsRequest } from './agents-process.ts';
import { type Child, startChild } from './child.ts';
import type { CleanUps, FleetCluster } from './cluster.ts';
import { hostNames } from './plan.ts';

/** More hold one process so long that its links break. */
const agentsPerProcess = 2_500;
const enrolmentsAtOnce = 16;

export interface AgentsSetup {
  cluster: FleetCluster;
  hosts: number;
  folder: string;
}

/** Makes a join token for each host, through all controllers. */
export async function enrolAll({ cluster, hosts }: AgentsSetup): Promise<string[]> {
  const sessions = await cluster.sessions();
  const tokens = new Map<string, string>();
  const names = hostNames(hosts);
  await atOnce([...names.entries()], enrolmentsAtOnce, async ([at, name]) => {
    tokens.set(name, await enrol(sessions[at % sessions.length] as Session, name));
  });
  return names.map((name) => tokens.get(name) ?? '');
}

async function enrol(session: Session, host: string): Promise<string> {
  const { enrolment } = await request<{ enrolment: { token: string } }>(session, {
    service: 'operator',
    method: 'POST',
    path: `/hosts/${host}/enrolment`,
    body: {},
  });
  return enrolment.token;
}

export class FleetAgents {
  readonly #children: readonly { child: Child; plan: AgentsPlan }[];

  constructor({ cluster, hosts, folder }: AgentsSetup, tokens: readonly string[], stops: CleanUps) {
    const controllerUrls = cluster.hostsUrls;
    const count = Math.ceil(hosts / agentsPerProcess);
    const each = Math.ceil(hosts / count);
    this.#children = Array.from({ length: count }, (_, at) => {
      const child = startChild('agents-process.ts');
      stops.push(() => child.kill());
      const first = at * each;
      const own = tokens.slice(first, first + each);
      return { child, plan: { fleet: hosts, first, tokens: own, controllerUrls, folder } };
    });
  }

  /** Each host gets its certificate. */
  async join(): Promise<void> {
    await this.#each((plan) => ({ do: 'join', plan }));
  }

  /** All agents start at once; returns when they have, linked or not. */
  async link(): Promise<void> {
    await this.#each(() => ({ do: 'link' }));
  }

  async #each(request: (plan: AgentsPlan) => AgentsRequest): Promise<void> {
    await Promise.all(this.#children.map(({ child, plan }) => child.request(request(plan))));
  }
}
