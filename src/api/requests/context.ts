/**
 * What the compute API needs from outside. `programs` puts it together; tests give simulated parts.
 */
import type { PciAlias } from '#core/pci/requests/alias.ts';
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Caller, IdentityService } from '#contracts/services/identity.ts';
import type { ImageContents, ImageService } from '#contracts/services/images.ts';
import type { NetworkEvent } from '#contracts/services/network-events.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Host, Store } from '#contracts/store/store.ts';
import type { LinkedHost } from '#contracts/host/host-link.ts';
import type { QuotaLimits } from '#core/quotas/limits.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import type { Server } from '#core/servers/server.ts';
import type { ActRequest } from '#workflows/guests/act-on-guest.ts';
import type { AttachRequest } from '#workflows/nics/attach-interface.ts';
import type { SecurityGroupChange } from '#workflows/ports/security-groups.ts';
import type { RebuildRequest } from '#workflows/guests/rebuild-server.ts';
import type { NewEnrolment } from '#workflows/operator/enroll-host.ts';
import type { HostLinks } from '#workflows/hosts/host-links.ts';
import type { HostServiceChange } from '#workflows/operator/set-host-service.ts';

/** The acts that take more than one step. Each returns as soon as the act is recorded. */
export interface ApiWorkflows {
  /**
   * Returns the server (the first, when several are asked for). Throws `invalid`, `conflict`,
   * `forbidden`, `overQuota`.
   */
  createServer(caller: Caller, request: NewServerRequest, requestId: string): Promise<Server>;
  /** Deleting a server that is being deleted is no error. */
  deleteServer(caller: Caller, server: Server, requestId: string): Promise<void>;
  /** Throws `conflict` in a state that does not allow it. */
  actOnGuest(caller: Caller, server: Server, request: ActRequest): Promise<void>;
  /** Throws `conflict`, and `invalid` for an image that does not fit. */
  rebuildServer(caller: Caller, server: Server, request: RebuildRequest): Promise<void>;
  /**
   * The one act that is waited for: returns the port once the guest has it. Throws `invalid`,
   * `conflict`, `unavailable`.
   */
  attachInterface(caller: Caller, server: Server, request: AttachRequest): Promise<string>;
  /**
   * Throws `notFound` when the server has no such port, `conflict` in a state that does not allow
   * it.
   */
  detachInterface(
    caller: Caller,
    server: Server,
    request: { portId: string; requestId: string },
  ): Promise<void>;
  /**
   * On all ports of the server. Throws `notFound`, `conflict` for a name of several groups,
   * `invalid` where a port takes none.
   */
  changeGroups(caller: Caller, server: Server, change: SecurityGroupChange): Promise<void>;
  /** Keeps an event of the network service; the workflows concerned act on it later. */
  takeNetworkEvent(event: NetworkEvent): Promise<void>;
  /**
   * The last lines that its guest wrote to its console; null: all. Throws `conflict` where no host
   * can say.
   */
  readConsole(server: Server, lines: number | null): Promise<string>;
  /** Throws `conflict` when the host has a good token, unless `replaces`. */
  enrollHost(host: string, how: { replaces: boolean }): Promise<NewEnrolment>;
  /**
   * Removes a host that will not return. Throws `notFound`, and `conflict` while it reports or has
   * servers.
   */
  forgetHost(host: string): Promise<void>;
  /** Throws `notFound`. */
  revokeHost(host: string): Promise<void>;
  /** Returns the host as it is then. Throws `notFound`. */
  setHostService(hostId: string, request: HostServiceChange): Promise<Host>;
}

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
  images: ImageService;
  /** For hosts, not for users. */
  imageContents: ImageContents;
  /** Those linked to this process over the network. */
  linkedHosts: () => LinkedHost[];
  network: NetworkService;
  clock: Clock;
  newId: NewId;
  log: Logger;
  /** How much a project may have. */
  limitsOf: (projectId: string) => QuotaLimits;
  /** Flavor aliases by name (`[pci] alias`). */
  settings: { aliases: readonly PciAlias[] };
  /** Most servers that one request may ask for. */
  serversPerRequest: number;
  workflows: ApiWorkflows;
  /** Where state and images are kept. */
  disks: () => Promise<DiskRoom[]>;
  /** The identity service's URL, for those who come without a token. Asked at each use. */
  identityUrl: () => string;
  /**
   * Where clients reach this service; undefined: as the request came. Example:
   * `https://cloud.example:8774`.
   */
  publicUrl?: string;
  /** Certificate and key, PEM; undefined: clear text. */
  tls?: { cert: Buffer; key: Buffer };
  /** Which hosts are up and for how long, and which run in this process. */
  links: Pick<HostLinks, 'isAlive' | 'isLocal' | 'uptimeOf'>;
}
