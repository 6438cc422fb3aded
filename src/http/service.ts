/**
 * One HTTP service on fastify: request ids, JSON bodies, and errors that always have the service's
 * own body. Has no route and no OpenStack shape; those come from `api` and `embedded`.
 */
import { randomUUID } from 'node:crypto';
import http, { type IncomingMessage, type RequestListener, type ServerOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import { inRequest } from '#runtime/messages/current-request.ts';
import { refuseTinyChunks } from './body-chunks.ts';
import { type ConnectionLimits, limitConnections, usualLimits } from './connection-limits.ts';
import { parseJsonBody } from './json-body.ts';
import type { ErrorReply } from './error-reply.ts';
import { originOf } from './origin.ts';
import { oneAtATime } from './pipelined-requests.ts';
import { refuseConnection } from './refused-connection.ts';
import { idsOf, logRequests } from './request-log.ts';
import { kindOfRefusal } from './status.ts';

export type { ErrorReply };

/** Of the request that failed; `origin` is '' where it could not be read. */
export interface FailedRequest {
  requestId: string;
  /** Example: `http://127.0.0.1:5000`. */
  origin: string;
}

export interface HttpServiceOptions {
  log: Logger;
  toErrorReply(error: ComputeError, of: FailedRequest): ErrorReply;
  /** Message for a path or method that has no route. */
  unknownRoute(request: FastifyRequest): ComputeError;
  bodyLimitBytes?: number;
  /** Certificate and key, PEM, and what else TLS is to do. Absent: clear text. */
  tls?: TlsOptions;
  /** Resolves when what a reply shows may leave the process. A failure is the reply's. */
  beforeReply?: () => Promise<void>;
  /** Where clients reach it. Absent: as each request came. */
  publicUrl?: string;
  /** Replaces the parts of a path that must not be logged. Absent: there are none. */
  withoutSecrets?: (path: string) => string;
  /** Other than the usual ones. */
  limits?: Partial<ConnectionLimits>;
  /**
   * Which upgrades are for the server's `upgrade` listener; all others are served as plain
   * requests. Absent: none.
   */
  takesUpgrade?(request: IncomingMessage): boolean;
}

/**
 * A fastify instance with the common rules applied. Every reply carries `X-Openstack-Request-Id:
 * req-<uuid>`.
 */
export function createHttpService(options: HttpServiceOptions): FastifyInstance {
  const sendError = (error: ComputeError, request: FastifyRequest, reply: FastifyReply) => {
    if (error.kind === 'bug' && !isHungUp(error, request)) {
      request.log.error({ err: error, detail: error.detail }, 'bug');
    }
    const origin = originOf(request, options.publicUrl);
    const answer = options.toErrorReply(error, { requestId: request.id, origin });
    if (error.kind === 'tooManyRequests') {
      reply.header('retry-after', error.retryAfterSeconds ?? usualRetryAfterSeconds);
    }
    if (answer.headers !== undefined) reply.headers(answer.headers);
    reply.header('x-openstack-request-id', request.id);
    return reply.code(answer.status).send(answer.body);
  };

  const limits = { ...usualLimits, ...options.limits };
  const app = fastify({
    loggerInstance: options.log as never,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req-${randomUUID()}`,
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    forceCloseConnections: true,
    // Its answer would not be the service's own; see `refuseWhileClosing`.
    return503OnClosing: false,
    serverFactory: serverFactory(options, {
      keepAliveTimeout: limits.keepAliveMs,
      // Uploads take hours; `limitConnections` bounds what else comes slowly.
      requestTimeout: 0,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs / 2),
      // The origin of links does without.
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => options.takesUpgrade?.(request) === true,
    }),
    clientErrorHandler: (error, socket) =>
      refuseConnection(error, socket, (problem, requestId) =>
        options.toErrorReply(problem, { requestId, origin: options.publicUrl ?? '' }),
      ),
    // A URL that cannot be read reaches no route and no hook.
    frameworkErrors: (error, request, reply) => {
      void sendError(asComputeError(error, request), request, reply);
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
  }) as unknown as FastifyInstance;

  refuseTinyChunks(app);
  limitConnections(app, limits);
  refuseWhileClosing(app);
  awaitBeforeReply(app, options);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-openstack-request-id', request.id);
    if (queryValuesOf(request.raw.url) > mostQueryValues) {
      throw new ComputeError('invalid', `The query has more than ${mostQueryValues} values.`);
    }
    if (request.raw.url?.includes('%00') === true) {
      throw new ComputeError(
        'invalid',
        'The URL has %00: the null character U+0000 cannot be stored.',
      );
    }
    done();
  });
  // Not earlier: what comes after a body's last part belongs to the connection.
  app.addHook('preHandler', (request, _reply, done) => inRequest(idsOf(request), done));
  logRequests(app, options.withoutSecrets);
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, parseJsonBody);
  app.setErrorHandler((error, request, reply) =>
    sendError(asComputeError(error, request), request, reply),
  );
  app.setNotFoundHandler((request, reply) =>
    sendError(options.unknownRoute(request), request, reply),
  );
  return app;
}

/** The same for both kinds of server; a TLS handshake has the time limit of headers. */
function serverFactory(
  { log, tls }: HttpServiceOptions,
  settings: ServerOptions & { headersTimeout: number },
) {
  const onExcess = ({ remoteAddress }: Socket) =>
    log.warn({ address: remoteAddress }, 'closed a connection with too many pipelined requests');
  return (handle: RequestListener) => {
    const inTurn = oneAtATime(handle, { onExcess });
    if (tls === undefined) return http.createServer(settings, inTurn);
    const secure = { ...settings, ...tls, handshakeTimeout: settings.headersTimeout };
    return https.createServer(secure, inTurn);
  };
}

const usualRetryAfterSeconds = 10;
const mostQueryValues = 500;

function queryValuesOf(url = ''): number {
  return url.split('&').length;
}

function refuseWhileClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onRequest', (_request, _reply, done) => {
    if (isClosing) throw new ComputeError('unavailable', 'The service is stopping.');
    done();
  });
}

function awaitBeforeReply(app: FastifyInstance, { beforeReply }: HttpServiceOptions): void {
  if (beforeReply === undefined) return;
  const failed = new WeakSet<FastifyRequest>();
  app.addHook('onSend', async (request) => {
    // The reply that reports the failure.
    if (failed.has(request)) return;
    try {
      await beforeReply();
    } catch (error) {
      failed.add(request);
      throw error;
    }
  });
}

/** undefined: fastify's own message. */
function textOf(kind: ErrorKind, { headers, routeOptions }: FastifyRequest): string | undefined {
  if (kind === 'badMediaType') {
    return `Content-Type: ${headers['content-type'] ?? 'none'} is not supported here; send application/json`;
  }
  const { bodyLimit } = routeOptions;
  if (kind !== 'tooLarge' || bodyLimit === undefined) return undefined;
  const length = headers['content-length'];
  const has = length === undefined ? `more than ${bodyLimit}` : length;
  return `The request body is too large: it has ${has} bytes, and may have at most ${bodyLimit} bytes.`;
}

/**
 * The client disconnected before a stream was sent: no error here, and no reader for the answer.
 */
function isHungUp({ cause }: ComputeError, { raw }: FastifyRequest): boolean {
  const { code } = (cause ?? {}) as { code?: unknown };
  return code === 'ERR_STREAM_PREMATURE_CLOSE' && raw.socket.destroyed;
}

/** fastify's own errors carry a status; all else that is not ours is a bug. */
function asComputeError(error: unknown, request: FastifyRequest): ComputeError {
  if (error instanceof ComputeError) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const kind = kindOfRefusal(statusCode);
    return new ComputeError(kind, textOf(kind, request) ?? message ?? 'bad request', {
      cause: error,
    });
  }
  return new ComputeError('bug', 'Unexpected internal error.', {
    detail: message ?? String(error),
    cause: error,
  });
}
