/** The embedded identity, network and image services of an all-in-one, over its one database. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '#contracts/clock.ts';
import type { IdentityService } from '#contracts/services/identity.ts';
import type { ImageContents, ImageService, ImageWriter } from '#contracts/services/images.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { PublicUrls, TlsFiles } from '../config/doors-config.ts';
import { createIdentityService } from '#embedded/identity/service.ts';
import { createImageService } from '#embedded/image/service.ts';
import type { HostNetworks, PhysicalNetwork } from '#embedded/network/requests/context.ts';
import { createNetworkService } from '#embedded/network/service.ts';
import { createIdentityStore } from '#integrations/database/services/identity-store.ts';
import { createImageStore } from '#integrations/database/services/image-store.ts';
import { createNetworkStore } from '#integrations/database/services/network-store.ts';
import { deferred } from '#integrations/database/engine/deferred.ts';
import type { PortEvents } from './port-events.ts';
import type { ProjectQuotas } from '../config/project-quotas.ts';

interface Embedded<Service> {
  app: FastifyInstance;
  service: Service;
}

export interface EmbeddedServices {
  identity: Embedded<IdentityService>;
  network: Embedded<NetworkService>;
  image: Embedded<ImageService & ImageContents & ImageWriter>;
}

export interface EmbeddedOptions<Tables> {
  db: Kysely<Tables>;
  clock: Clock;
  log: Logger;
  /** Read at each use: set once every service listens. */
  urls: { identity: string; compute: string; network: string; image: string };
  imageFolder: string;
  /** Room on the state directory's disk that no upload may take. undefined: the default. */
  keepFreeBytes: number | undefined;
  publicUrls: PublicUrls;
  tls: TlsFiles | undefined;
  passwords: { admin: string; demo: string };
  /** The quotas of each project. */
  quotas: ProjectQuotas;
  portEvents: PortEvents;
  /** Resolves when all that was committed so far is on disk. */
  onDisk: () => Promise<void>;
  /** The networks that each host is connected to. */
  hostNetworks: ReadonlyMap<string, HostNetworks>;
}

/** VLAN ids that the network service chooses from, on every physical network. */
const vlanRange = [1000, 1999] as const;

/**
 * Builds the three services, with the initial contents of a new cloud: users, and a small image.
 * None listens yet.
 */
export async function embeddedServices<Tables>(
  options: EmbeddedOptions<Tables>,
): Promise<EmbeddedServices> {
  const { db, clock, log, urls, passwords } = options;
  const { tls, publicUrls } = options;
  const shared = {
    clock,
    newId: randomUUID,
    log,
    beforeReply: options.onDisk,
    ...(tls !== undefined && { tls }),
  };
  const publicUrl = (service: keyof PublicUrls) => {
    const url = publicUrls[service];
    return url === undefined ? {} : { publicUrl: url };
  };
  const identityStore = createIdentityStore(db);
  const identity = await createIdentityService({
    ...shared,
    ...publicUrl('identity'),
    store: identityStore,
    catalog: () => ({
      region: 'RegionOne',
      services: [
        { type: 'identity', name: 'keystone', url: urls.identity },
        { type: 'compute', name: 'nova', url: urls.compute },
        { type: 'network', name: 'neutron', url: urls.network },
        { type: 'image', name: 'glance', url: urls.image },
      ],
    }),
    users: [
      { name: 'admin', password: passwords.admin, project: 'admin', role: 'admin' },
      { name: 'demo', password: passwords.demo, project: 'demo', role: 'member' },
    ],
  });
  for (const project of await identityStore.projects()) options.quotas.learn(project);
  const identityService = options.quotas.learningFrom(identity.service);
  const network = createNetworkService({
    ...shared,
    ...publicUrl('network'),
    // Its commits leave the process in replies only, which wait for the disk.
    store: createNetworkStore(deferred(db).db),
    identity: identityService,
    physicalNetworks: () => allPhysicalNetworks(options.hostNetworks),
    hostMappings: (host) => options.hostNetworks.get(host),
    portEvents: options.portEvents.report,
    limitsOf: options.quotas.limitsOf,
  });
  const image = createImageService({
    ...shared,
    ...publicUrl('image'),
    store: createImageStore(db),
    identity: identityService,
    folder: options.imageFolder,
    limitsOf: options.quotas.limitsOf,
    keepFreeBytes: options.keepFreeBytes,
  });
  await image.ensureImage({ name: 'tiny', content: tinyDisk });
  return { identity: { app: identity.app, service: identityService }, network, image };
}

/** All zeros: simulated hosts do not read it. Guests that boot need an uploaded image. */
const tinyDisk = new Uint8Array(64 * 1024);

function allPhysicalNetworks(byHost: ReadonlyMap<string, HostNetworks>): PhysicalNetwork[] {
  const names = new Set([...byHost.values()].flatMap((host) => [...host.physicalNetworks]));
  return [...names].sort().map((name) => ({ name, vlanRange }));
}
