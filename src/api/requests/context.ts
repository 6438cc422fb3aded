/**
 * What the compute API needs from outside. `programs` puts it together; tests give simulated parts.
 */
import type { PciAlias } from '#core/pci/requests/alias.ts';
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { IdentityService } from '#contracts/services/identity.ts';
import type { ImageContents, ImageService } from '#contracts/services/images.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Store } from '#contracts/store/store.ts';
import type { ClusterAuthority } from '#contracts/host/identity/cluster-authority.ts';
import type { LinkedHost } from '#contracts/host/host-link.ts';
import type { ComputePolicy } from '#core/access/rules/compute-policy.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import type { HostLinks } from '#workflows/hosts/host-links.ts';
import type { FabricView } from '#workflows/hosts/fabric-view.ts';
import type { FleetEvents } from '../fabric/fleet-events.ts';
import type { ServerOperations } from '#workflows/server-operations.ts';

/**
 * Room on one file system that this process keeps things on. `uses`: what for. Example: `['state',
 * 'images']`.
 */
export interface DiskRoom {
  uses: string[];
  /** For this process. */
  freeBytes: number;
  sizeBytes: number;
}

export interface ApiContext {
  store: Store;
  identity: IdentityService;
  /** The rules in force: an operator may change them while this runs. */
  policy: () => ComputePolicy;
  images: ImageService;
  /** For hosts, not for users. */
  imageContents: ImageContents;
  /** Those linked to this process over the network. */
  linkedHosts: () => LinkedHost[];
  /** The host replaces its certificate now. False: it is not linked to this process by one. */
  renewCertificate: (host: string) => boolean;
  /**
   * Where hosts connect; listens there, if nothing does yet. Example: `https://192.0.2.10:8785`.
   */
  hostsUrl: () => Promise<string>;
  network: NetworkService;
  clock: Clock;
  newId: NewId;
  log: Logger;
  /** The configured quotas of a project; the store has what administrators set. */
  configuredQuotas: (projectId: string) => ConfiguredQuotas;
  /** Flavor aliases by name (`[pci] alias`). */
  settings: { aliases: readonly PciAlias[] };
  /** Most servers that one request may ask for. */
  serversPerRequest: number;
  workflows: ServerOperations;
  /**
   * `url`: where clients reach the consoles of servers; undefined: where they reach this service.
   * `tokenMs`: how long the token of a console is valid.
   */
  consoles: { url?: string; tokenMs: number };
  /** Where state and images are kept. */
  disks: () => Promise<DiskRoom[]>;
  /** The identity service's URL, for those who come without a token. Read at each use. */
  identityUrl: () => string;
  /** The image service's URL without a version, for links to images. Read at each use. */
  imageUrl: () => string;
  /**
   * Where clients reach this service; undefined: as the request came. Example:
   * `https://cloud.example:8774`.
   */
  publicUrl?: string;
  /** Certificate and key, PEM; undefined: clear text. */
  tls?: { cert: Buffer; key: Buffer };
  /** Has the key that seals the sessions of the page. */
  authority: Pick<ClusterAuthority, 'keyFor'>;
  /** The folder of the built page; what is not there is not built. */
  pageFolder: string;
  /** This process. `startedAt`: epoch milliseconds. `settings`: those that may be shown. */
  program: { version: string; startedAt: number; settings: { key: string; value: string }[] };
  /** This one among the controllers of its database; absent: it is the only one. */
  peers?: { id: string };
  /** All hosts with their devices, for pictures of the fleet. */
  fabric: FabricView;
  /** Its changes, as they come. Stopped with the API. */
  events: FleetEvents;
  /** Which hosts are up and for how long, and which run in this process. */
  links: Pick<HostLinks, 'isAlive' | 'isLocal' | 'lastSeenAt' | 'uptimeOf' | 'offerOf'>;
}
