/**
 * What the story's user asks of the cloud: the calls that the stock client makes, and waiting for
 * what becomes of them.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import type { DeviceView } from '#client/shapes/pci.ts';
import type { ExplainReply } from '#client/shapes/explain.ts';
import {
  explainServer,
  listDevices,
  listHosts,
  listPools,
  makeEnrolment,
} from '#client/operator-api.ts';
import { request, type ServiceRequest } from '#client/session/request.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { isComputeError } from '#core/errors.ts';
import type { PortView, ServerView } from '#programs/demo/story.ts';

const microversion = '2.79';
const pollMs = 250;

export interface NewNetwork {
  name: string;
  physicalNetwork: string;
  vlan: number | null;
  /** First three numbers of a /24. Example: `10.42.0`. */
  prefix: string;
  /**
   * Last numbers of the addresses that its ports get, so that two networks on one wire share a
   * subnet.
   */
  pool: [number, number];
}

export class CloudUser {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async at(cloudsYaml: string): Promise<CloudUser> {
    return new CloudUser(await openSession(readCloud(cloudsYaml, 'novella')));
  }

  /** The id of a network with its subnet. */
  async createNetwork(requested: NewNetwork): Promise<string> {
    const { network } = await this.#post<{ network: { id: string } }>('network', '/v2.0/networks', {
      network: {
        name: requested.name,
        'provider:network_type': requested.vlan === null ? 'flat' : 'vlan',
        'provider:physical_network': requested.physicalNetwork,
        ...(requested.vlan !== null && { 'provider:segmentation_id': requested.vlan }),
      },
    });
    const [start, end] = requested.pool.map((last) => `${requested.prefix}.${last}`);
    await this.#post('network', '/v2.0/subnets', {
      subnet: {
        network_id: network.id,
        ip_version: 4,
        cidr: `${requested.prefix}.0/24`,
        gateway_ip: null,
        allocation_pools: [{ start, end }],
      },
    });
    return network.id;
  }

  async createPort(networkId: string, vnicType: string, more: object = {}): Promise<PortView> {
    const port = { network_id: networkId, 'binding:vnic_type': vnicType, ...more };
    return (await this.#post<{ port: PortView }>('network', '/v2.0/ports', { port })).port;
  }

  async showPort(id: string): Promise<PortView & { fixed_ips: { ip_address: string }[] }> {
    type Shown = { port: PortView & { fixed_ips: { ip_address: string }[] } };
    return (await this.#get<Shown>('network', `/v2.0/ports/${id}`)).port;
  }

  /** Uploads a file as an image; its id. */
  async createImage(requested: Record<string, unknown>, path: string): Promise<string> {
    const { id } = await this.#post<{ id: string }>('image', '/v2/images', requested);
    const url = `${this.#session.endpoints['image']}/v2/images/${id}/file`;
    const reply = await fetch(url, {
      method: 'PUT',
      headers: { 'x-auth-token': this.#session.token, 'content-type': 'application/octet-stream' },
      body: await readFile(path),
    });
    if (!reply.ok)
      throw new Error(`image ${String(requested['name'])}: upload answered ${reply.status}`);
    return id;
  }

  async createFlavor(flavor: object, extraSpecs: Record<string, string> = {}): Promise<string> {
    const made = await this.#post<{ flavor: { id: string } }>('compute', '/flavors', { flavor });
    const path = `/flavors/${made.flavor.id}/os-extra_specs`;
    if (Object.keys(extraSpecs).length > 0) {
      await this.#post('compute', path, { extra_specs: extraSpecs });
    }
    return made.flavor.id;
  }

  /** The id of a server that is asked for; it may still fail. */
  async createServer(server: object): Promise<string> {
    const made = await this.#post<{ server: { id: string } }>('compute', '/servers', { server });
    return made.server.id;
  }

  async showServer(id: string): Promise<ServerView & { 'OS-EXT-STS:task_state': string | null }> {
    type Shown = { server: ServerView & { 'OS-EXT-STS:task_state': string | null } };
    return (await this.#get<Shown>('compute', `/servers/${id}`)).server;
  }

  /**
   * The server once it is in one of these states and nothing is under way. Throws with its fault
   * when it is in ERROR instead.
   */
  async settled(id: string, ...statuses: string[]): Promise<ServerView> {
    return until(`server ${id} to be ${statuses.join(' or ')}`, 600, async () => {
      const server = await this.showServer(id);
      if (server['OS-EXT-STS:task_state'] !== null) return undefined;
      if (statuses.includes(server.status)) return server;
      if (server.status !== 'ERROR') return undefined;
      throw new Error(
        `server ${server.name} went to ERROR: ${server.fault?.message ?? 'no fault'}`,
      );
    });
  }

  async act(serverId: string, action: object): Promise<void> {
    await this.#post('compute', `/servers/${serverId}/action`, action);
  }

  /** What the guest wrote to its serial console, as `openstack console log show` gives it. */
  async console(serverId: string): Promise<string> {
    const path = `/servers/${serverId}/action`;
    const body = { 'os-getConsoleOutput': { length: -1 } };
    return (await this.#post<{ output: string }>('compute', path, body)).output;
  }

  async attach(serverId: string, portId: string): Promise<void> {
    const path = `/servers/${serverId}/os-interface`;
    await this.#post('compute', path, { interfaceAttachment: { port_id: portId } });
  }

  async detach(serverId: string, portId: string): Promise<void> {
    await this.#send({
      service: 'compute',
      method: 'DELETE',
      path: `/servers/${serverId}/os-interface/${portId}`,
    });
  }

  async deleteServer(id: string): Promise<void> {
    await this.#send({ service: 'compute', method: 'DELETE', path: `/servers/${id}` });
    await until(`server ${id} to be gone`, 600, async () => {
      try {
        await this.showServer(id);
        return undefined;
      } catch (error) {
        if (isComputeError(error, 'notFound')) return true;
        throw error;
      }
    });
  }

  async serverIds(): Promise<string[]> {
    const { servers } = await this.#get<{ servers: { id: string }[] }>('compute', '/servers');
    return servers.map(({ id }) => id);
  }

  /** Lets a host in; its agent's token. */
  async enrollHost(name: string): Promise<string> {
    return (await makeEnrolment(this.#session, name, false)).token;
  }

  /**
   * Has the controller heard of the host since then (epoch milliseconds), and that nothing keeps
   * servers away?
   */
  async isReady(name: string, since: number): Promise<boolean> {
    const host = (await listHosts(this.#session)).find((each) => each.name === name);
    if (typeof host?.last_seen_at !== 'string') return false;
    if (Date.parse(host.last_seen_at) + 1_000 < since) return false;
    return host.problems.every(({ blocks }) => blocks === 'none');
  }

  /** What the host says is wrong with it. Example: `['health: IOMMU: off']`. */
  async problemsOf(name: string): Promise<string[]> {
    const host = (await listHosts(this.#session)).find((each) => each.name === name);
    return (host?.problems ?? []).map((problem) => problem.message);
  }

  /** What the host did to start the server's guest, with times. */
  async spawnSteps(serverId: string): Promise<ExplainReply['spawn_steps']> {
    return (await explainServer(this.#session, serverId)).spawn_steps;
  }

  devices(): Promise<DeviceView[]> {
    return listDevices(this.#session);
  }

  /** Free VFs of a physical network. */
  async freeVfs(physicalNetwork: string): Promise<number> {
    const { pools } = await listPools(this.#session);
    return pools
      .filter((pool) => pool.dev_type === 'type-VF' && pool.physical_network === physicalNetwork)
      .reduce((sum, { count }) => sum + count, 0);
  }

  #get<T>(service: ServiceRequest['service'], path: string): Promise<T> {
    return this.#send<T>({ service, path });
  }

  #post<T>(service: ServiceRequest['service'], path: string, body: object): Promise<T> {
    return this.#send<T>({ service, path, method: 'POST', body });
  }

  #send<T>(asked: ServiceRequest): Promise<T> {
    return request<T>(this.#session, { ...asked, microversion });
  }
}

/** Asks again and again until there is an answer. Throws when patience (seconds) ends. */
export async function until<T>(
  what: string,
  patienceSeconds: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + patienceSeconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${patienceSeconds} s for ${what}`);
    await pause(pollMs);
  }
}
