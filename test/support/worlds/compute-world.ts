/**
 * The compute API over a fresh store in memory, with real workflows and a described network: for
 * tests of the API alone.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { createComputeApi } from '#api/compute-api.ts';
import { FleetEvents, type StreamLimits } from '#api/fabric/fleet-events.ts';
import type { Caller, SignedIn } from '#contracts/services/identity.ts';
import type { ImageService, ImageWriter } from '#contracts/services/images.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Login } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';
import { NetworkAgents } from '#core/networking/binding/network-agents.ts';
import type { SecurityGroup } from '#core/networking/security-group.ts';
import type { Network, Port } from '#core/networking/port.ts';
import type { Vif } from '#core/networking/vif.ts';
import { type QuotaLimits, standardLimits } from '#core/quotas/limits.ts';
import type { Server } from '#core/servers/server.ts';
import { migratedStore } from '../migrated-database.ts';
import { clusterAuthority } from '#integrations/cluster-authority/cluster-authority.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { DirectTasks } from '#workflows/engine/direct-tasks.ts';
import { FleetView } from '#workflows/hosts/fleet-view.ts';
import { FabricView } from '#workflows/hosts/fabric-view.ts';
import { HostLinks } from '#workflows/hosts/host-links.ts';
import { standardWeights } from '#core/scheduling/weights.ts';
import { serverOperations } from '#workflows/server-operations.ts';
import {
  describedContents,
  describedImageService,
  imageId,
  type MadeImages,
} from '../images/image-service.ts';
import { ask, type Answer } from './embedded-cloud.ts';
import { wrongInReply } from '../operator-replies.ts';
import { policyWith } from '../policy/policy-with.ts';
import { silentLog } from '../silent-log.ts';
import { aFlavor, aHost, aNewServer, aNic } from './store-rows.ts';

export const projectId = 'a6f1d3bbdf56484bad7cc4fd88015159';
export const otherProjectId = 'b6f1d3bbdf56484bad7cc4fd88015159';
export { imageId };
export const networkId = '913b0917-84f4-405b-a361-96b188737d15';
export const portId = '4663c883-b605-492f-b563-aeff73508b53';
export const flavorId = '3a536f9e-cc95-4974-8995-d6cdd1f5da43';

const hostTimeoutMs = 60_000;
const localHosts = new Set(['local-1']);

/** Tokens are these names. They list implied roles, as those of both identity services do. */
const callers: Record<string, { roles: string[]; project: string }> = {
  admin: { roles: ['admin', 'manager', 'member', 'reader'], project: projectId },
  manager: { roles: ['manager', 'member', 'reader'], project: projectId },
  member: { roles: ['member', 'reader'], project: projectId },
  reader: { roles: ['reader'], project: projectId },
  stranger: { roles: ['member', 'reader'], project: otherProjectId },
  service: { roles: ['service'], project: otherProjectId },
  'own service': { roles: ['service'], project: projectId },
  'no role': { roles: [], project: projectId },
};

export interface RequestOptions {
  /** The caller; default admin, null: unauthenticated. */
  as?: string | null;
  /** The microversion; default 2.96. '' sends none. */
  version?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The body of POST /servers for a server without NICs, with these changes. */
export function bootBody(change: object = {}) {
  const server = { name: 's', flavorRef: flavorId, imageRef: imageId, networks: 'none' };
  return { server: { ...server, ...change } };
}

export type ComputeWorld = Awaited<ReturnType<typeof aComputeWorld>>;

/**
 * One flavor, one image, one network and one free direct port; no host unless the test creates one.
 * `images`: instead of a described image service. `streams`: of events; by default they end at once.
 */
export async function aComputeWorld({
  images,
  streams,
  path = ':memory:',
  pageFolder = '/none',
  publicUrl = 'http://127.0.0.1:8774',
}: {
  images?: ImageService & ImageWriter;
  streams?: Partial<StreamLimits>;
  path?: string;
  pageFolder?: string;
  /** null: none is configured. */
  publicUrl?: string | null;
} = {}) {
  const time = { now: Date.parse('2026-11-23T07:30:00Z') };
  const clock = { now: () => time.now };
  const { store, db } = await migratedStore(path, { clock });
  const flavor = aFlavor({ id: flavorId, name: 'm1.sriov', extraSpecs: {} });
  await store.flavors.create(flavor);
  const ports = new Map([[portId, aPort(portId)]]);
  const limits = new Map<string, Partial<QuotaLimits>>();
  const madeImages: MadeImages = new Map();
  const context: WorkflowContext = {
    store,
    network: describedNetwork(ports),
    images: images ?? describedImageService(madeImages),
    wakeup: { notify: () => undefined, listen: () => () => undefined },
    clock,
    newId: randomUUID,
    log: silentLog,
    configuredQuotas: (id) => ({ standard: standardLimits, exceptions: limits.get(id) ?? {} }),
    direct: new DirectTasks(),
    fleet: new FleetView(),
    links: new HostLinks({ clock, monotonic: clock, hostTimeoutMs, localHosts }),
    authority: clusterAuthority({ store: store.authority, clock, hostLifeMs: 90 * 86_400_000 }),
    settings: {
      aliases: [],
      hostTimeoutMs,
      hostLostMs: 600_000,
      bootAttempts: 3,
      resizesWithinHost: true,
      plugTimeoutMs: 300_000,
      cardPreference: undefined,
      weights: standardWeights,
      allocationRatios: { vcpus: 4, memory: 1, disk: 1 },
    },
  };
  const signedOut: string[] = [];
  const contents = describedContents(madeImages);
  const workflows = serverOperations(context);
  let policy = policyWith({});
  const fabric = new FabricView(context);
  // Requests for all routes read a stream to its end.
  const streamLimits = { lifeMs: 0, tickMs: 5, ...streams };
  const app = createComputeApi({
    ...context,
    log: silentLog,
    policy: () => policy,
    identity: {
      validate: async (token) => callerOf(token),
      hasProject: async (id) => [projectId, otherProjectId].includes(id),
      signIn: async (login) => signedIn(login, time.now + 3_600_000),
      signOut: async (token) => void signedOut.push(token),
    },
    fabric,
    program: {
      version: '1.2.3',
      startedAt: time.now,
      settings: [{ key: 'keep_history', value: '30 days' }],
    },
    pageFolder,
    events: new FleetEvents({ fabric, log: silentLog, limits: streamLimits }),
    identityUrl: () => 'http://127.0.0.1:5000/v3',
    imageUrl: () => 'http://127.0.0.1:9292',
    ...(publicUrl !== null && { publicUrl }),
    imageContents: contents,
    linkedHosts: () => [{ host: 'hv1', address: '192.0.2.7', since: time.now, serial: null }],
    renewCertificate: (host) => host === 'hv1',
    hostsUrl: async () => 'https://192.0.2.10:8785',
    consoles: { tokenMs: 600_000 },
    serversPerRequest: 100,
    disks: async () => [{ uses: ['state', 'images'], freeBytes: 75e9, sizeBytes: 252e9 }],
    workflows,
  });
  return {
    app,
    context,
    workflows,
    callerOf,
    contents,
    store,
    /** Images made from servers, by id. */
    madeImages,
    /** Overrides rules. Example: `{ admin_api: '!' }`. */
    useRules: (rules: Record<string, string>) => void (policy = policyWith(rules)),
    /** Below the store, to damage rows. */
    db,
    time,
    signedOut,
    /** By project: what differs from Nova's defaults. */
    limits,
    ports,
    /** Example: `ask('GET /v2.1/servers', { as: 'member', version: '2.1' })`. */
    ask: async (
      act: string,
      { as = 'admin', version = '2.96', body, headers }: RequestOptions = {},
    ) => {
      const answer = await ask(app, act, {
        ...(as !== null && { token: as }),
        ...(body !== undefined && { body }),
        headers: {
          ...(version !== '' && { 'openstack-api-version': `compute ${version}` }),
          ...headers,
        },
      });
      const [method = '', url = ''] = act.split(' ');
      expect(wrongInReply({ method, url, ...answer })).toEqual([]);
      return answer;
    },
    /** A stored server of the first project. */
    server: async (change: Partial<Omit<Server, 'serial'>> = {}): Promise<Server> => {
      const newServer = aNewServer({ projectId, imageId, flavor, ...change });
      return store.servers.create(newServer);
    },
    /** An active one on host-1, with a bound direct port; its agent has just reported. */
    activeServer: async (change: Partial<Omit<Server, 'serial'>> = {}): Promise<Server> => {
      const [host] = await store.hosts.list();
      const hostId = host?.id ?? (await aHost(store, []));
      await store.hosts.seen(hostId, time.now);
      const newServer = aNewServer({
        projectId,
        imageId,
        flavor,
        vmState: 'active',
        taskState: null,
        powerState: 1,
        launchedAt: time.now,
        hostId,
        hostName: 'host-1',
        nics: [aNic({ portId, networkId, vif: boundVif, tag: 'lan' })],
        ...change,
      });
      return store.servers.create(newServer);
    },
    stop: async () => {
      await app.close();
      await store.close();
    },
  };
}

/** The message of a fault body, whatever its name. */
export function faultOf({ body }: Answer): { name: string; code: number; message: string } {
  const [name = ''] = Object.keys(body);
  return { name, ...body[name] };
}

export function aPort(id: string, change: Partial<Port> = {}): Port {
  return {
    id,
    name: '',
    networkId,
    projectId,
    macAddress: 'fa:16:3e:ed:9a:a9',
    adminStateUp: true,
    status: 'DOWN',
    deviceId: '',
    deviceOwner: '',
    fixedIps: [{ subnetId: 'fa02dbd7-f333-460e-bf33-68e138f8dd60', ipAddress: '10.20.2.100' }],
    vnicType: 'direct',
    securityGroupIds: [groupIds.default],
    bindingHost: '',
    profile: {},
    vifType: 'unbound',
    vifDetails: {},
    ...change,
  };
}

/** The direct port once bound on physnet1. */
export const boundVif: Vif = {
  portId,
  macAddress: 'fa:16:3e:00:00:01',
  vnicType: 'direct',
  vifType: 'hw_veb',
  details: { vlan: '100' },
  profile: { pci_slot: '0000:81:00.2', physical_network: 'physnet1' },
  network: { id: networkId, name: 'red', mtu: 1500, bridge: null },
  fixedIps: [{ subnetId: 's1', ipAddress: '10.20.0.5' }],
  devName: 'tap1',
  tag: 'lan',
};

/** The user of this token. */
export function callerOf(token: string): Caller {
  const known = callers[token];
  if (known === undefined) throw new ComputeError('unauthenticated', 'The token is unknown.');
  return {
    userId: 'user-1',
    userName: token,
    projectId: known.project,
    projectName: known.project,
    domainId: 'default',
    roles: known.roles,
    isAdmin: known.roles.includes('admin'),
    token,
  };
}

/** The password of each user is the user's name. */
function signedIn(login: Login, expiresAt: number): SignedIn {
  const token = 'username' in login ? login.username : login.applicationCredentialId;
  const secret = 'password' in login ? login.password : login.applicationCredentialSecret;
  if (secret !== token) throw new ComputeError('unauthenticated', 'The password is wrong.');
  return { token, expiresAt };
}

const network: Network = {
  id: networkId,
  name: 'sriov-net',
  projectId,
  mtu: 1500,
  segments: [{ networkType: 'vlan', physicalNetwork: 'physnet1', segmentationId: 100 }],
  subnets: [
    {
      id: 'fa02dbd7-f333-460e-bf33-68e138f8dd60',
      cidr: '10.20.0.0/16',
      ipVersion: 4,
      gatewayIp: '10.20.0.1',
      dnsNameservers: [],
      hostRoutes: [],
      enableDhcp: false,
    },
  ],
};

const usable = { id: network.id, name: network.name, hasSubnet: true };

/** Of the first project, `twice` two times; and one of the other project. */
export const groupIds = {
  default: '0a000000-0000-4000-8000-000000000000',
  web: '0a000000-0000-4000-8000-000000000001',
  twice: '0a000000-0000-4000-8000-000000000002',
  twiceToo: '0a000000-0000-4000-8000-000000000003',
  foreign: '0a000000-0000-4000-8000-000000000004',
};

const describedGroups: SecurityGroup[] = [
  { id: groupIds.default, name: 'default', projectId },
  { id: groupIds.web, name: 'web', projectId },
  { id: groupIds.twice, name: 'twice', projectId },
  { id: groupIds.twiceToo, name: 'twice', projectId },
  { id: groupIds.foreign, name: 'foreign', projectId: otherProjectId },
].map((group) => ({ ...group, description: '', rules: [] }));

/** Creates ports, changes their groups and deletes them, and binds none: nothing boots here. */
function describedNetwork(ports: Map<string, Port>): NetworkService {
  const refuse = () => Promise.reject(new ComputeError('bug', 'this network binds nothing'));
  const absent = (what: string) => Promise.reject(new ComputeError('notFound', what));
  return {
    showPort: async (id) => ports.get(id) ?? absent(`Port ${id} could not be found.`),
    showNetwork: async (id) =>
      id === networkId ? network : absent(`Network ${id} could not be found.`),
    findNetwork: async (id) =>
      id === networkId ? usable : absent(`Network ${id} could not be found.`),
    listBootableNetworks: async () => [usable],
    listPorts: async (ids) => ids.flatMap((id) => ports.get(id) ?? []),
    listAgents: async () => new NetworkAgents([], 0),
    listPortGroups: async (ids) => {
      const known = ids.flatMap((id) => ports.get(id) ?? []);
      return new Map(known.map(({ id, securityGroupIds = [] }) => [id, securityGroupIds]));
    },
    listFloatingIps: async () => [],
    listServerPorts: async (id) => [...ports.values()].filter(({ deviceId }) => deviceId === id),
    listSecurityGroups: async (wanted, caller) =>
      describedGroups.filter(({ id, projectId: owner }) =>
        'ids' in wanted
          ? wanted.ids.includes(id) && (caller.isAdmin || owner === caller.projectId)
          : owner === wanted.projectId,
      ),
    createPort: async ({ networkId: network, projectId: project, deviceId, securityGroupIds }) => {
      const change = {
        networkId: network,
        projectId: project,
        deviceId,
        vnicType: 'normal',
        securityGroupIds: securityGroupIds ?? [groupIds.default],
      } as const;
      const port = aPort(randomUUID(), change);
      ports.set(port.id, port);
      return port;
    },
    updatePort: async (id, change) => {
      const port = ports.get(id);
      const { securityGroupIds } = change;
      if (port === undefined || securityGroupIds === undefined) return refuse();
      const changed = { ...port, securityGroupIds };
      ports.set(id, changed);
      return changed;
    },
    deletePort: async (id) => {
      ports.delete(id);
    },
    listPortBindings: refuse,
    addPortBinding: refuse,
    activatePortBinding: refuse,
    removePortBinding: refuse,
  };
}
