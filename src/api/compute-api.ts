/**
 * The compute API as one HTTP service: version documents, the route table, the operator's routes.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';
import { originOf } from '#http/origin.ts';
import { createHttpService } from '#http/service.ts';
import type { ApiContext } from './requests/context.ts';
import { mountConsolePage } from './consoles/console-page.ts';
import { withoutConsoleToken } from './consoles/console-tokens.ts';
import { mountPageFiles } from './page/page-files.ts';
import { mountPageSession } from './page/page-session.ts';
import { isConsoleRequest } from './consoles/console-url.ts';
import { tokenCredential } from './agents/token-credential.ts';
import { isHostRequest } from './agents/host-request.ts';
import { mountRoutes, projectSegment } from './requests/dispatch.ts';
import { hostLinkPath } from '#contracts/host/host-link.ts';
import { faultReply } from './faults.ts';
import { openApiText } from './openapi/document.ts';
import { mountHostImages, mountHostUploads } from './agents/images.ts';
import { minVersion, vary, versionHeaders } from './requests/negotiate.ts';
import { operatorRoutes } from './operator/routes.ts';
import { routes } from './routes.ts';
import { choices, versionDocument, versionList } from './version-documents.ts';

/** Builds the API; it does not listen. Closing it closes nothing of the context. */
export function createComputeApi(context: ApiContext): FastifyInstance {
  const app = createHttpService({
    log: context.log,
    toErrorReply: (error, { requestId }) =>
      faultReply(error, { requestId, identityUrl: context.identityUrl() }),
    ...(context.publicUrl !== undefined && { publicUrl: context.publicUrl }),
    ...(context.tls !== undefined && { tls: context.tls }),
    takesUpgrade: (request) => isHostRequest(request) || isConsoleRequest(request),
    beforeReply: () => context.store.onDisk(),
    withoutSecrets: withoutConsoleToken,
    unknownRoute: ({ method, url }) =>
      new ComputeError(
        'notFound',
        `The resource could not be found: there is no ${method} ${url}.`,
      ),
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ 'x-compute-request-id': request.id, vary });
    done();
  });
  app.addHook('preClose', () => context.events.stop());
  mountDocuments(app, context);
  mountConsolePage(app);
  mountPageSession(app, context);
  mountPageFiles(app, context.pageFolder);
  // For agents of version 0.2 and older, which have a token.
  const ofTokens = { ...context, credentialOf: tokenCredential };
  mountHostImages(app, ofTokens);
  mountHostUploads(app, ofTokens);
  mountRoutes(
    app,
    context,
    { prefix: '/v2.1', versioned: true, lenient: false, projectInPath: true },
    routes,
  );
  mountRoutes(
    app,
    context,
    { prefix: '/v2', versioned: false, lenient: true, projectInPath: true },
    routes,
  );
  mountRoutes(
    app,
    context,
    { prefix: '/novella/v1', versioned: false, lenient: false, projectInPath: false },
    operatorRoutes,
  );
  return app;
}

/** The document has no data of a cloud. */
const openApiPaths = ['/openapi.json', '/novella/v1/openapi.json'];

/** What needs no token. */
function mountDocuments(app: FastifyInstance, context: ApiContext): void {
  const origin = (request: FastifyRequest) => originOf(request, context.publicUrl);
  app.get('/', (request, reply) => reply.send(versionList(origin(request))));
  for (const id of ['v2.0', 'v2.1'] as const) {
    const path = id === 'v2.0' ? '/v2' : '/v2.1';
    const headers = id === 'v2.1' ? versionHeaders(minVersion) : {};
    const show = (request: FastifyRequest, reply: FastifyReply) =>
      reply.headers(headers).send({ version: versionDocument(origin(request), id) });
    app.get(path, show);
    app.get(`${path}/versions/${id}`, show);
    app.get(path + projectSegment, show);
  }
  for (const path of openApiPaths) {
    app.get(path, (_request, reply) => reply.type('application/json').send(openApiText()));
  }
  app.get(hostLinkPath, (_request, reply) => {
    reply.headers({ upgrade: 'websocket', connection: 'upgrade' });
    const message = 'Agents connect here over a WebSocket: see docs/agents.md.';
    return reply.code(426).send({ badRequest: { code: 426, message } });
  });
  app.all('/*', (request, reply) => {
    if (/^\/(v2|v2\.1|novella|metrics|ui)(\/|$)/.test(request.url)) {
      throw new ComputeError('notFound', 'The resource could not be found.');
    }
    return reply.code(300).send(choices(origin(request), request.url));
  });
}
