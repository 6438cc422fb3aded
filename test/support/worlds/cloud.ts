/** A running Novella over HTTP, in the words that scenarios tell their stories with. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { type Config, freePorts, readConfig } from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { temporaryDirectory } from '../processes/novella-process.ts';
import { silentLog } from '../silent-log.ts';

/** What a service answered, whatever it was. */
export interface Reply {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are asserted, not typed
  body: any;
}

/** What is sent beside method and path. `token` null: none. */
export interface Sent {
  body?: unknown;
  text?: string;
  bytes?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  token?: string | null;
}

type Service = 'compute' | 'network' | 'identity' | 'image' | 'operator';

/** Where a cloud is: in this process or another. */
export type CloudPlace = Pick<AllInOne, 'urls' | 'cloudsYaml'>;

const patienceMs = 20_000;
const firstPauseMs = 10;
const longestPauseMs = 100;

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
    return new Cloud(place, await openSession(readCloud(place.cloudsYaml, name)));
  }

  async send(service: Service, method: string, path: string, more: Sent = {}): Promise<Reply> {
    const base =
      service === 'operator'
        ? `${new URL(this.#place.urls.compute).origin}/novella/v1`
        : service === 'network'
          ? `${this.#place.urls.network}/v2.0`
          : this.#place.urls[service];
    const token = more.token === undefined ? this.session.token : more.token;
    const content =
      more.bytes ?? more.text ?? (more.body === undefined ? undefined : JSON.stringify(more.body));
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(token !== null && { 'x-auth-token': token }),
        ...(content !== undefined && { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(content !== undefined && { body: content }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  /** A VLAN network with a subnet; its id. */
  async network(name: string, physnet = 'physnet1', vlan = 42): Promise<string> {
    const created = await this.ok('network', 'POST', '/networks', {
      network: {
        name,
        'provider:network_type': 'vlan',
        'provider:physical_network': physnet,
        'provider:segmentation_id': vlan,
      },
    });
    const id = created.network.id;
    await this.ok('network', 'POST', '/subnets', {
      subnet: { network_id: id, ip_version: 4, cidr: `10.${vlan % 256}.0.0/24` },
    });
    return id;
  }

  async port(
    networkId: string,
    vnicType: string,
    more: Record<string, unknown> = {},
  ): Promise<string> {
    const created = await this.ok('network', 'POST', '/ports', {
      port: { network_id: networkId, 'binding:vnic_type': vnicType, ...more },
    });
    return created.port.id;
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

  /** The server once its status is one of these and nothing is under way. */
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
  async ok(service: Service, method: string, path: string, body?: object): Promise<any> {
    const reply = await this.send(service, method, path, body === undefined ? {} : { body });
    expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`).toBeLessThan(300);
    return reply.body;
  }

  /**
   * Polls until it is done or patience ends; the pauses grow, since each poll takes processor time
   * from what it waits for.
   */
  async until<T>(look: () => Promise<{ done: boolean; value: T }>): Promise<T> {
    const end = Date.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const { done, value } = await look();
      if (done) return value;
      if (Date.now() > end) throw new Error(`waited in vain; last seen ${JSON.stringify(value)}`);
      await pause(pauseMs);
    }
  }
}

/**
 * A test that gets a cloud of its own in this process. `change` edits the configuration before the
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
    const config = change({ ...readConfig(), stateDir: state.path, ports: freePorts });
    const running = await startAllInOne(config, silentLog);
    try {
      await notify(await Cloud.at(running), running);
    } finally {
      await running.stop();
      state.remove();
    }
  });
}
