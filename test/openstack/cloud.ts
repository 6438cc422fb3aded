/**
 * A real OpenStack with Novella in Nova's place, used over HTTP: what tests of ports need of it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { microversion } from '#client/servers.ts';
import { type RawRequest, send } from '#client/session/request.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { uploadImage } from '#test/images/upload-image.ts';
import { freePorts } from '#test/processes/free-ports.ts';
import {
  type NovellaProcess,
  startConfigured,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';
import type { people } from './environment/people.ts';

type Who = keyof typeof people;

export interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the service answers
  body: any;
}

export interface CloudOptions {
  /** Simulated hosts: PF → physical network. Example: `{ 'host-1': { enp1s0: 'physnet1' } }`. */
  hosts: Record<string, Record<string, string | null>>;
  /** The user of Novella. Default: the people's `service`. */
  as?: { user: string; password: string; project: string };
}

export class Cloud {
  readonly openstack: OpenStack;
  readonly #state = temporaryDirectory();
  readonly #sessions = new Map<Who, Promise<Session>>();
  #port: number | undefined;
  #novella: NovellaProcess | undefined;
  #flavorRef = '';
  #imageRef = '';

  constructor(openstack: OpenStack) {
    this.openstack = openstack;
  }

  get computeUrl(): string {
    return this.#novella?.urls.compute ?? '';
  }

  /** Starts Novella among the services, with a fresh state, always at the same URL. */
  async startNovella({ hosts, as = this.openstack.people.service }: CloudOptions): Promise<void> {
    await this.#novella?.stop();
    this.#port ??= (await freePorts(1))[0];
    const config = {
      ports: { compute: this.#port },
      openstack: {
        auth_url: this.openstack.urls.keystone,
        username: as.user,
        password: as.password,
        project_name: as.project,
        // Agents are rows here, which wire nothing.
        plug_timeout: 0,
      },
      simulated: {
        hosts: Object.entries(hosts).map(([name, physnets]) => ({
          name,
          device_spec: Object.entries(physnets).map(([devname, physnet]) => ({
            devname,
            physical_network: physnet,
          })),
        })),
      },
    };
    const file = join(this.#state.path, 'novella.yaml');
    writeFileSync(file, JSON.stringify(config));
    const state = join(this.#state.path, `state-${performance.now()}`);
    this.#novella = await startConfigured(state, ['--config', file]);
    const flavor = { name: 'tiny', ram: 64, vcpus: 1, disk: 0 };
    const made = await this.compute('admin', 'POST', '/flavors', { flavor });
    this.#flavorRef = made.body.flavor.id;
  }

  /** Uploads a small image for every project. */
  async makeImage(): Promise<void> {
    const requested = {
      ...{ name: 'tiny', visibility: 'public' },
      ...{ disk_format: 'raw', container_format: 'bare' },
    };
    const admin = await this.#session('admin');
    this.#imageRef = await uploadImage(admin, requested, new Uint8Array(4_096));
  }

  compute(who: Who, method: string, path: string, body?: object): Promise<Answer> {
    return this.#send(who, { service: 'compute', method, path, body, microversion });
  }

  neutron(who: Who, method: string, path: string, body?: object): Promise<Answer> {
    return this.#send(who, { service: 'network', method, path: `/v2.0${path}`, body });
  }

  /**
   * A shared network with a subnet; its id. `segments`: as Neutron names them, without the prefix
   * `provider:`.
   */
  async network(name: string, cidr: string, ...segments: Record<string, unknown>[]) {
    const keyed = segments.map((segment) =>
      Object.fromEntries(Object.entries(segment).map(([key, value]) => [`provider:${key}`, value])),
    );
    const network = { name, shared: true, ...(keyed.length > 1 ? { segments: keyed } : keyed[0]) };
    const id: string = (await this.#made('networks', { network })).network.id;
    await this.#made('subnets', { subnet: { network_id: id, ip_version: 4, cidr } });
    return id;
  }

  /** A port of alice's; its id. */
  async port(networkId: string, vnicType: string): Promise<string> {
    const port = { network_id: networkId, 'binding:vnic_type': vnicType };
    const { status, body } = await this.neutron('alice', 'POST', '/ports', { port });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body.port.id;
  }

  /** As Neutron shows it to an administrator. */
  async shown(portId: string): Promise<Record<string, unknown>> {
    return (await this.neutron('admin', 'GET', `/ports/${portId}`)).body.port;
  }

  /** Without NICs where none are given. */
  create(name: string, nics: object[]): Promise<Answer> {
    const networks = nics.length === 0 ? 'none' : nics;
    const server = { name, networks, flavorRef: this.#flavorRef, imageRef: this.#imageRef };
    return this.compute('alice', 'POST', '/servers', { server });
  }

  /** Alice's server once it is ACTIVE or ERROR. */
  async boot(name: string, networks: object[]): Promise<Answer['body']> {
    const id = await this.started(name, networks);
    return (await this.compute('alice', 'GET', `/servers/${id}`)).body.server;
  }

  /**
   * As `boot`, and its id. Polls the short list, which sends Neutron no request; a server's own
   * view has its security groups.
   */
  async started(name: string, networks: object[]): Promise<string> {
    const { status, body } = await this.create(name, networks);
    if (status !== 202) throw new Error(JSON.stringify(body));
    const { id } = body.server;
    const ended = async () => [
      ...(await this.#ids('?status=ACTIVE')),
      ...(await this.#ids('?status=ERROR')),
    ];
    await expect.poll(ended, { timeout: 60_000 }).toContain(id);
    return id;
  }

  /** Deletes alice's server and waits until it is deleted. */
  async remove(id: string): Promise<void> {
    await this.compute('alice', 'DELETE', `/servers/${id}`);
    await expect.poll(() => this.#ids(''), { timeout: 60_000 }).not.toContain(id);
  }

  async #ids(query: string): Promise<string[]> {
    const { body } = await this.compute('alice', 'GET', `/servers${query}`);
    return body.servers.map(({ id }: { id: string }) => id);
  }

  async stop(): Promise<void> {
    await this.#novella?.stop();
    await this.openstack.stop();
    this.#state.remove();
  }

  async #made(plural: string, body: object) {
    const made = await this.neutron('admin', 'POST', `/${plural}`, body);
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
    return made.body;
  }

  #session(who: Who): Promise<Session> {
    const session =
      this.#sessions.get(who) ?? openSession(readCloud(this.openstack.cloudsYaml, who));
    this.#sessions.set(who, session);
    return session;
  }

  async #send(who: Who, request: RawRequest): Promise<Answer> {
    const session = await this.#session(who);
    // Novella is in no catalog here.
    session.endpoints['compute'] = this.computeUrl;
    const { status, text } = await send(session, request);
    return { status, body: text === '' ? null : JSON.parse(text) };
  }
}

/** The services, Novella among them, and an image to boot from. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const cloud = new Cloud(await startOpenStack());
  try {
    await cloud.makeImage();
    await cloud.startNovella(options);
  } catch (error) {
    await cloud.stop();
    throw error;
  }
  return cloud;
}

/** What Neutron shows of a port that no server has. */
export const unbound = {
  'binding:host_id': '',
  'binding:vif_type': 'unbound',
  'binding:profile': {},
  device_id: '',
  device_owner: '',
};
