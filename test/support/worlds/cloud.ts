/** A running Novella over HTTP, with the verbs of the scenarios. */
import { expect, test } from 'vitest';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { createNetwork, createPort } from '#client/networks.ts';
import { send } from '#client/session/request.ts';
import { openSession, type ServiceName, type Session } from '#client/session/session.ts';
import { type Polled, waitFor } from '#client/wait-for.ts';
import { type Config, freePorts, readConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { databaseOf } from '../postgres/database-of.ts';
import { temporaryDirectory } from '../processes/novella-process.ts';
import { silentLog } from '../silent-log.ts';

/** The answer of a service, whatever it is. */
export interface Reply {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are asserted, not typed
  body: any;
}

/** The request beside method and path. `token` null: none. */
export interface Sent {
  body?: unknown;
  text?: string;
  bytes?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  token?: string | null;
}

/** Where a cloud is: in this process or another. */
export type CloudPlace = Pick<AllInOne, 'urls' | 'cloudsYaml'>;

/** The pauses grow, since each poll takes processor time from what it waits for. */
const waitOptions = { limitMs: 20_000, pauseMs: 10, longestPauseMs: 100 };

/** A signed-in user of a cloud. */
export class Cloud {
  readonly #place: CloudPlace;
  session: Session;

  private constructor(place: CloudPlace, session: Session) {
    this.#place = place;
    this.session = session;
  }

  /** Another user of the same cloud. */
  as(name: string): Promise<Cloud> {
    return Cloud.at(this.#place, name);
  }

  /**
   * `name`: an entry of its clouds.yaml; `novella` is the administrator's, `novella-demo` a
   * member's of another project.
   */
  static async at(place: CloudPlace, name = 'novella'): Promise<Cloud> {
    const session = await openSession(readCloud(place.cloudsYaml, name));
    // Where an address is given, the catalog may lead elsewhere, such as to a proxy of the service.
    const { compute, network, identity, image } = place.urls;
    session.endpoints = { ...session.endpoints, compute, network, identity, image };
    return new Cloud(place, session);
  }

  /** A path of the network service is below its version. A token is sent unchanged. */
  async send(
    service: ServiceName,
    method: string,
    path: string,
    { text, bytes, token = this.session.token, body, headers = {} }: Sent = {},
  ): Promise<Reply> {
    const content = bytes ?? text;
    const reply = await send(this.session, {
      service,
      method,
      path: service === 'network' ? `/v2.0${path}` : path,
      body,
      headers,
      token,
      ...(content !== undefined && { content }),
    });
    const isJson = reply.headers.get('content-type')?.includes('json') === true;
    return {
      status: reply.status,
      headers: reply.headers,
      body: isJson && reply.text !== '' ? JSON.parse(reply.text) : reply.text,
    };
  }

  /** A VLAN network with a subnet; its id. */
  network(name: string, physicalNetwork = 'physnet1', vlan = 42): Promise<string> {
    const subnet = { cidr: `10.${vlan % 256}.0.0/24` };
    return createNetwork(this.session, { name, physicalNetwork, vlan, subnet });
  }

  /** Its id. */
  async port(
    networkId: string,
    vnicType: string,
    more: Record<string, unknown> = {},
  ): Promise<string> {
    return (await createPort(this.session, networkId, vnicType, more)).id;
  }

  /** The id of a new server; `networks` as in the API, `more` goes into the server body. */
  async boot(networks: object[], more: Record<string, unknown> = {}): Promise<string> {
    const { flavors } = await this.ok('compute', 'GET', '/flavors');
    const { images } = await this.ok('image', 'GET', '/v2/images');
    const small = flavors.find((flavor: { name: string }) => flavor.name === 'm1.small');
    const created = await this.ok('compute', 'POST', '/servers', {
      server: { name: 's', flavorRef: small.id, imageRef: images[0].id, networks, ...more },
    });
    return created.server.id;
  }

  /** The server once its status is one of these and no task is running. */
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are asserted, not typed
  async settled(serverId: string, ...statuses: string[]): Promise<any> {
    const server = await this.until(async () => {
      const { server } = await this.ok('compute', 'GET', `/servers/${serverId}`);
      const isSettled = statuses.includes(server.status) && !server['OS-EXT-STS:task_state'];
      return { done: isSettled, value: server };
    });
    return server;
  }

  async gone(serverId: string): Promise<void> {
    await this.until(async () => {
      const reply = await this.send('compute', 'GET', `/servers/${serverId}`);
      return { done: reply.status === 404, value: reply.body };
    });
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are asserted, not typed
  async showPort(id: string): Promise<any> {
    return (await this.ok('network', 'GET', `/ports/${id}`)).port;
  }

  /** Free VFs per host of a physical network. Example: `{ 'host-1': 4, 'host-2': 4 }`. */
  async freeVfs(physnet: string): Promise<Record<string, number>> {
    const { stats } = await this.ok('operator', 'GET', '/pci/pools');
    const free: Record<string, number> = {};
    for (const entry of stats) {
      if (entry.physical_network !== physnet || entry.product_id !== '10ca') continue;
      free[entry.host] = (free[entry.host] ?? 0) + entry.count;
    }
    return free;
  }

  /** Sends, and fails the test unless it was accepted; the body. */
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are asserted, not typed
  async ok(service: ServiceName, method: string, path: string, body?: object): Promise<any> {
    const reply = await this.send(service, method, path, body === undefined ? {} : { body });
    expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`).toBeLessThan(300);
    return reply.body;
  }

  /** Polls until it is done or the time-out ends. */
  until<T>(poll: () => Promise<Polled<T>>): Promise<T> {
    return waitFor('what the test expects', poll, waitOptions);
  }
}

/**
 * A test with a cloud of its own in this process. `change` edits the configuration before the
 * start.
 */
export function scenario(
  title: string,
  notify: (cloud: Cloud, running: AllInOne) => Promise<void>,
  change: (config: Config) => Config = (config) => config,
  timeoutMs?: number,
): void {
  test(title, { ...(timeoutMs !== undefined && { timeout: timeoutMs }) }, async () => {
    const state = temporaryDirectory();
    const database = await databaseOf(state.path);
    const config = change({ ...readConfig(), stateDir: state.path, database, ports: freePorts });
    const running = await startAllInOne(config, silentLog);
    try {
      await notify(await Cloud.at(running), running);
    } finally {
      await running.stop();
      state.remove();
    }
  });
}
