/** The embedded network service: a small Neutron v2.0 over the network store. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { IdentityService } from '#contracts/services/identity.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import { createHttpService } from '#http/service.ts';
import { refuseUnknown } from '../not-offered.ts';
import { mountRoutes } from '../route-table.ts';
import { projectGuard } from '../token-guard.ts';
import type { NetworkContext } from './requests/context.ts';
import { toNeutronError } from './requests/errors.ts';
import { createInProcessNetwork } from './in-process.ts';
import { networkRoutes, neutronNotOffered, openNetworkRoutes } from './routes.ts';

export interface NetworkOptions extends NetworkContext {
  identity: IdentityService;
  log: Logger;
  /** Where clients reach it. Absent: as each request came. */
  publicUrl?: string;
  /** Certificate and key, PEM. Absent: clear text. */
  tls?: { cert: Buffer; key: Buffer };
  /** Resolves when what a reply shows may leave the process. */
  beforeReply?: () => Promise<void>;
}

/** Builds the app, and the same service for callers in this process; it does not listen. */
export function createNetworkService(options: NetworkOptions): {
  app: FastifyInstance;
  service: NetworkService;
} {
  const unknown = (request: FastifyRequest) =>
    refuseUnknown(request, { name: 'network', full: 'Neutron', notOffered: neutronNotOffered });
  const app = createHttpService({
    log: options.log,
    toErrorReply: toNeutronError,
    unknownRoute: unknown,
    ...(options.tls !== undefined && { tls: options.tls }),
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    ...(options.beforeReply !== undefined && { beforeReply: options.beforeReply }),
  });
  mountRoutes(app, {
    open: openNetworkRoutes,
    guarded: networkRoutes(options),
    guard: projectGuard(options.identity),
    unknown,
    ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
    actorOf: (caller) => caller,
  });
  return { app, service: createInProcessNetwork(options) };
}
