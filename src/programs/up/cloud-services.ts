/**
 * Identity, network and image for this cloud: a real OpenStack's where the configuration names one,
 * otherwise our own.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { writeCloudsYaml, type WrittenCloud } from '#client/cloud/clouds-yaml.ts';
import { writeOpenrc } from '#client/cloud/openrc.ts';
import type { IdentityService } from '#contracts/services/identity.ts';
import type { ImageContents, ImageService, ImageWriter } from '#contracts/services/images.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import { createImageStore } from '#integrations/database/services/image-store.ts';
import { createNetworkStore } from '#integrations/database/services/network-store.ts';
import type { Config } from '../config/config.ts';
import type { OpenStackConfig } from '../config/openstack-config.ts';
import { type EmbeddedOptions, embeddedServices } from './embedded-services.ts';
import { type Found, realServices } from './real-services.ts';
import { ensureSecret, type StateDirectory } from '../state/state-directory.ts';

type Urls = Omit<EmbeddedOptions<unknown>['urls'], 'compute'>;

export interface CloudServices {
  services: {
    identity: IdentityService;
    network: NetworkService;
    image: ImageService & ImageContents & ImageWriter;
  };
  /** Starts listening on our own ones, and returns the URLs of all three. */
  open(listen: (app: FastifyInstance, name: keyof Urls) => Promise<string>): Promise<Urls>;
  /** Names of the public images of our own image service; empty where another is used. */
  imageNames(): Promise<string[]>;
  /** How many networks our own network service has; 0 where another is used. */
  networkCount(): Promise<number>;
  /**
   * Once the URLs are known: writes clouds.yaml, and beside it an openrc for each of its users.
   * Returns its path; '' where users have their own.
   */
  writeCloudsYaml(): string;
  /** Of the external services; undefined: all are ours. */
  survey?: Found;
  /** The administrator's, where this start created it. */
  newPassword?: string;
}

export type CloudServicesOptions<Tables> = Pick<
  EmbeddedOptions<Tables>,
  'db' | 'clock' | 'log' | 'urls' | 'hostNetworks' | 'quotas' | 'portEvents' | 'tls'
> & {
  state: StateDirectory;
  stops: (() => void | Promise<void>)[];
  /** Resolves when all that was committed so far is on disk. */
  onDisk: () => Promise<void>;
};

export async function cloudServices<Tables>(
  config: Config,
  options: CloudServicesOptions<Tables>,
): Promise<CloudServices> {
  if (config.openstack === undefined) return ownServices(config, options);
  return realCloud(config.openstack, options);
}

/** The services of an OpenStack. */
export async function realCloud(
  config: OpenStackConfig,
  options: Pick<CloudServicesOptions<unknown>, 'clock' | 'log' | 'onDisk' | 'quotas' | 'stops'>,
): Promise<CloudServices & { survey: Found }> {
  const real = await realServices(config, options);
  options.stops.push(() => real.close());
  return {
    services: { ...real.services, identity: options.quotas.learningFrom(real.services.identity) },
    open: async () => real.urls,
    imageNames: async () => [],
    networkCount: async () => 0,
    writeCloudsYaml: () => '',
    survey: real.survey,
  };
}

async function ownServices<Tables>(
  config: Config,
  options: CloudServicesOptions<Tables>,
): Promise<CloudServices> {
  const { state, urls } = options;
  const passwordOf = (user: string) =>
    ensureSecret(state.file(`${user}-password`), () => randomBytes(12).toString('hex'));
  const [admin, demo] = [passwordOf('admin'), passwordOf('demo')];
  const passwords = { admin: admin.secret, demo: demo.secret };
  const { identity, network, image } = await embeddedServices({
    ...options,
    publicUrls: config.publicUrls,
    imageFolder: state.file('images'),
    keepFreeBytes: config.keepFreeBytes,
    passwords,
  });
  return {
    services: { identity: identity.service, network: network.service, image: image.service },
    open: async (listen) => ({
      identity: `${await listen(identity.app, 'identity')}/v3`,
      network: await listen(network.app, 'network'),
      image: await listen(image.app, 'image'),
    }),
    async imageNames() {
      // Only those created by an administrator: other names are a tenant's text, and must not reach
      // a terminal.
      const scope = { projectId: '', memberStatus: 'accepted', community: false } as const;
      const images = await createImageStore(options.db).list(scope);
      return images.flatMap(({ name }) => name ?? []);
    },
    networkCount: async () => (await createNetworkStore(options.db).networks()).length,
    writeCloudsYaml() {
      const path = state.file('clouds.yaml');
      const caFile = config.tls?.caFile;
      const ofAdmin = { ...credentials(urls.identity, 'admin', passwords.admin), caFile };
      const ofDemo = { ...credentials(urls.identity, 'demo', passwords.demo), caFile };
      writeCloudsYaml(path, { novella: ofAdmin, 'novella-demo': ofDemo });
      writeOpenrc(state.file('openrc'), ofAdmin);
      writeOpenrc(state.file('openrc-demo'), ofDemo);
      return path;
    },
    ...(admin.isNew && { newPassword: admin.secret }),
  };
}

/** A user whose project has the same name. */
function credentials(authUrl: string, name: string, password: string): WrittenCloud {
  const domains = { userDomainName: 'Default', projectDomainName: 'Default' };
  return { authUrl, username: name, password, projectName: name, ...domains };
}
