/**
 * The service that hosts connect to, with TLS of the cluster's own authority: certificates, images,
 * and, as upgrades for others to serve, links and consoles.
 */
import type { TlsOptions } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { hostLinkPath } from '#contracts/host/host-link.ts';
import { ComputeError } from '#core/errors.ts';
import { createHttpService } from '#http/service.ts';
import { faultReply } from '../faults.ts';
import type { AgentsContext } from './agents-context.ts';
import { mountCertificates } from './certificates.ts';
import { isHostRequest } from './host-request.ts';
import { mountHostImages, mountHostUploads } from './images.ts';

/** Agents keep their links: ten thousand of them, and a start of all at once. */
const connections = 16_384;
/** Much less than a person waits, as a stalled handshake holds a connection. */
const headersMs = 10_000;

/** Builds the service; it does not listen. */
export function createAgentsApi(context: AgentsContext & { tls: TlsOptions }): FastifyInstance {
  const app = createHttpService({
    log: context.log,
    tls: context.tls,
    toErrorReply: (error, { requestId }) => {
      const { status, body } = faultReply(error, { requestId, identityUrl: '' });
      return { status, body };
    },
    takesUpgrade: isHostRequest,
    beforeReply: () => context.store.onDisk(),
    // Behind one address there may be all hosts.
    limits: { connections, connectionsOfAddress: connections, headersMs },
    unknownRoute: ({ method, url }) =>
      new ComputeError(
        'notFound',
        `There is no ${method} ${url}: this port is for hosts, see docs/agents.md.`,
      ),
  });
  mountCertificates(app, context);
  mountHostImages(app, context);
  mountHostUploads(app, context);
  app.get(hostLinkPath, () => {
    throw new ComputeError('invalid', 'Agents connect here over a WebSocket.');
  });
  return app;
}
