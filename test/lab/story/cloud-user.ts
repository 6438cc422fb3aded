/** The story's user of the cloud: the calls of the stock client, and waiting for their results. */
import { readFile } from 'node:fs/promises';
import { createNetwork, createPort, type PortView, showPort } from '#client/networks.ts';
import {
  createServer,
  deleteServer,
  microversion,
  type ServerView,
  showServer,
  waitForServer,
  waitForServerGone,
} from '#client/servers.ts';
import { waitFor } from '#client/wait-for.ts';
import { uploadImage } from '#test/images/upload-image.ts';
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

const pauseMs = 250;
/** An emulated host takes minutes for what a real one does in seconds. */
const slowHost = { limitMs: 600_000, pauseMs };

/** A network of the story, with its subnet. */
export interface StoryNetwork {
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

/** Source: Nova's API, 2.79; bytes, null while unknown. */
export interface LiveMigration {
  id: number;
  status: string;
  memory_total_bytes: number | null;
  memory_remaining_bytes: number | null;
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
  createNetwork({ prefix, pool, ...network }: StoryNetwork): Promise<string> {
    const [start, end] = pool.map((last) => `${prefix}.${last}`);
    const allocation = { gateway_ip: null, allocation_pools: [{ start, end }] };
    const subnet = { cidr: `${prefix}.0/24`, ...allocation };
    return createNetwork(this.#session, { ...network, subnet });
  }

  createPort(networkId: string, vnicType: string, more: object = {}): Promise<PortView> {
    return createPort(this.#session, networkId, vnicType, more);
  }

  showPort(id: string): Promise<PortView> {
    return showPort(this.#session, id);
  }

  /** Uploads a file as an image; its id. */
  async createImage(requested: Record<string, unknown>, path: string): Promise<string> {
    return uploadImage(this.#session, requested, await readFile(path));
  }

  async createFlavor(flavor: object, extraSpecs: Record<string, string> = {}): Promise<string> {
    const made = await this.#post<{ flavor: { id: string } }>('compute', '/flavors', { flavor });
    const path = `/flavors/${made.flavor.id}/os-extra_specs`;
    if (Object.keys(extraSpecs).length > 0) {
      await this.#post('compute', path, { extra_specs: extraSpecs });
    }
    return made.flavor.id;
  }

  /** The id of a requested server; it may still fail. */
  createServer(server: object): Promise<string> {
    return createServer(this.#session, server);
  }

  showServer(id: string): Promise<ServerView> {
    return showServer(this.#session, id);
  }

  /**
   * The server once it is in one of these states and no task is running. Throws with its fault when
   * it is in ERROR instead.
   */
  settled(id: string, ...statuses: string[]): Promise<ServerView> {
    return waitForServer(this.#session, id, { statuses, limits: slowHost });
  }

  async act(serverId: string, action: object): Promise<void> {
    await this.#post('compute', `/servers/${serverId}/action`, action);
  }

  /** The guest's serial console, as `openstack console log show` returns it. */
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
    await deleteServer(this.#session, id);
    await waitForServerGone(this.#session, id, slowHost);
  }

  /** Where the port is bound. Example: `['hosta ACTIVE', 'hostb INACTIVE']`. */
  async bindings(portId: string): Promise<string[]> {
    const path = `/v2.0/ports/${portId}/bindings`;
    type Bindings = { bindings: { host: string; status: string }[] };
    const { bindings } = await this.#get<Bindings>('network', path);
    return bindings.map(({ host, status }) => `${host} ${status}`);
  }

  /** Live migrations of the server that are in progress. */
  async liveMigrations(serverId: string): Promise<LiveMigration[]> {
    const path = `/servers/${serverId}/migrations`;
    return (await this.#get<{ migrations: LiveMigration[] }>('compute', path)).migrations;
  }

  async abortMigration(serverId: string, number: number): Promise<void> {
    const path = `/servers/${serverId}/migrations/${number}`;
    await this.#send({ service: 'compute', method: 'DELETE', path });
  }

  async forceComplete(serverId: string, number: number): Promise<void> {
    const path = `/servers/${serverId}/migrations/${number}/action`;
    await this.#post('compute', path, { force_complete: null });
  }

  /** Sets the state of a host's service. Example: `{ forced_down: true }`. */
  async changeService(host: string, change: object): Promise<void> {
    type Services = { services: { id: string; host: string }[] };
    const { services } = await this.#get<Services>('compute', `/os-services?host=${host}`);
    const [service] = services;
    if (service === undefined) throw new Error(`${host} has no service`);
    const path = `/os-services/${service.id}`;
    await this.#send({ service: 'compute', method: 'PUT', path, body: change });
  }

  /** The server's last action, with what its steps reported. */
  async lastAction(serverId: string): Promise<string> {
    const path = `/servers/${serverId}/os-instance-actions`;
    type Action = { action: string; request_id: string; message: string | null };
    type Events = { events?: { event: string; result: string; details?: string | null }[] };
    const { instanceActions } = await this.#get<{ instanceActions: Action[] }>('compute', path);
    const [last] = instanceActions;
    if (last === undefined) return 'none';
    const { instanceAction } = await this.#get<{ instanceAction: Action & Events }>(
      'compute',
      `${path}/${last.request_id}`,
    );
    const events = (instanceAction.events ?? []).map(
      ({ event, result, details }) => `${event} ${result}${details ? ` (${details})` : ''}`,
    );
    return [last.action, last.message ?? '', ...events].filter((part) => part !== '').join('; ');
  }

  async serverIds(): Promise<string[]> {
    const { servers } = await this.#get<{ servers: { id: string }[] }>('compute', '/servers');
    return servers.map(({ id }) => id);
  }

  /** Enrolls a host, or an enrolled one again; its join token, and the controller's port for hosts. */
  async enrollHost(
    name: string,
    replace = false,
  ): Promise<{ token: string; controllerPort: number }> {
    const { token, controller } = await makeEnrolment(this.#session, name, { replace });
    return { token, controllerPort: Number(new URL(controller).port) };
  }

  /**
   * Has the host reported since then (epoch milliseconds), without a problem that refuses servers?
   */
  async isReady(name: string, since: number): Promise<boolean> {
    const host = (await listHosts(this.#session)).find((each) => each.name === name);
    if (typeof host?.last_seen_at !== 'string') return false;
    if (Date.parse(host.last_seen_at) + 1_000 < since) return false;
    return host.problems.every(({ blocks }) => blocks === 'none');
  }

  /** The problems that the host reports. Example: `['health: IOMMU: off']`. */
  async problemsOf(name: string): Promise<string[]> {
    const host = (await listHosts(this.#session)).find((each) => each.name === name);
    return (host?.problems ?? []).map((problem) => problem.message);
  }

  /** The host's steps to start the server's guest, with times. */
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

  #send<T>(call: ServiceRequest): Promise<T> {
    return request<T>(this.#session, { ...call, microversion });
  }
}

/** Polls until there is an answer. Throws after the time-out (seconds). */
export async function until<T>(
  what: string,
  timeoutSeconds: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const poll = async () => {
    const value = await ask();
    return { done: value !== undefined, value };
  };
  const answer = await waitFor(what, poll, { limitMs: timeoutSeconds * 1_000, pauseMs });
  return answer as T;
}
