/** What the compute API needs from outside. `programs` puts it together; tests give simulated parts. */
import type { Logger } from 'pino';
import type { Clock, NewId } from '#contracts/clock.ts';
import type { Caller, IdentityService } from '#contracts/identity.ts';
import type { ImageService } from '#contracts/images.ts';
import type { NetworkService } from '#contracts/network.ts';
import type { Store } from '#contracts/store.ts';
import type { NewServerRequest } from '#core/servers/new-server.ts';
import type { Server } from '#core/servers/server.ts';

/** The acts that take more than one step. Each returns as soon as the act is recorded. */
export interface ApiWorkflows {
  /** Returns the server (the first, when several are asked for). Throws `invalid`, `conflict`, `forbidden`, `overQuota`. */
  createServer(caller: Caller, request: NewServerRequest, requestId: string): Promise<Server>;
  /** Deleting a server that is being deleted is no error. */
  deleteServer(caller: Caller, server: Server, requestId: string): Promise<void>;
}

export interface ApiContext {
  store: Store;
  identity: IdentityService;
  images: ImageService;
  network: NetworkService;
  clock: Clock;
  newId: NewId;
  log: Logger;
  workflows: ApiWorkflows;
  /** The identity service's URL, for those who come without a token. Asked at each use. */
  identityUrl: () => string;
  /** Where clients reach this service; undefined: as the request came. Example: `https://cloud.example:8774`. */
  publicUrl?: string;
  /** A host whose agent has been silent for longer counts as down. */
  hostTimeoutMs: number;
}
