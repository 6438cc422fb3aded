/** What the service for hosts needs from outside. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { HostCredential } from '#contracts/host/identity/host-credential.ts';
import type { ImageContents } from '#contracts/services/images.ts';
import type { Store } from '#contracts/store/store.ts';
import type { ServerOperations } from '#workflows/server-operations.ts';

export interface AgentsContext {
  store: Pick<Store, 'hosts' | 'servers' | 'commands' | 'onDisk'>;
  imageContents: ImageContents;
  workflows: Pick<ServerOperations, 'admitHost' | 'certifyHost' | 'mayCache'>;
  /** What the peer of a request presents. */
  credentialOf: (request: IncomingMessage) => HostCredential;
  log: Logger;
}
