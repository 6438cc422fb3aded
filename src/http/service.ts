/**
 * One HTTP service on fastify: request ids, JSON bodies, and errors that always have the service's own body.
 * Knows no route and no OpenStack shape; those come from `api` and `embedded`.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import { answering } from './current-request.ts';

/** How a service words an error. */
export interface ErrorReply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface HttpServiceOptions {
  log: Logger;
  toErrorReply(error: ComputeError, request: FastifyRequest): ErrorReply;
  /** Message for a path or method that has no route. */
  unknownRoute(request: FastifyRequest): ComputeError;
  bodyLimitBytes?: number;
  /** Which upgrades are for the server's `upgrade` listener; all others are served as plain requests. Absent: none. */
  takesUpgrade?(request: IncomingMessage): boolean;
}

/** A fastify instance with the house rules on it. Every reply carries `X-Openstack-Request-Id: req-<uuid>`. */
export function createHttpService(options: HttpServiceOptions): FastifyInstance {
  const sendError = (error: ComputeError, request: FastifyRequest, reply: FastifyReply) => {
    if (error.kind === 'bug') request.log.error({ err: error, detail: error.detail }, 'bug');
    const answer = options.toErrorReply(error, request);
    if (answer.headers !== undefined) reply.headers(answer.headers);
    reply.header('x-openstack-request-id', request.id);
    return reply.code(answer.status).send(answer.body);
  };

  const app = fastify({
    loggerInstance: options.log as never,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req-${randomUUID()}`,
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    forceCloseConnections: true,
    http: { shouldUpgradeCallback: (request) => options.takesUpgrade?.(request) === true },
    // A URL that cannot be read reaches no route and no hook.
    frameworkErrors: (error, request, reply) => {
      void sendError(asComputeError(error, request), request, reply);
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
  }) as unknown as FastifyInstance;

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-openstack-request-id', request.id);
  });
  // Not earlier: what comes after a body's last part belongs to the connection.
  app.addHook('preHandler', (request, _reply, done) => answering(request.id, done));
  app.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      {
        method: request.method,
        url: request.url,
        status: reply.statusCode,
        globalRequestId: request.headers['x-openstack-request-id'],
      },
      'request',
    );
  });
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

/** A content type parser for bodies of JSON under any name; an empty body is none. */
export function parseJsonBody(
  _request: FastifyRequest,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const body = String(text);
  if (body.trim() === '') return done(null, undefined);
  try {
    done(null, JSON.parse(body));
  } catch (error) {
    done(malformed(error));
  }
}

function malformed(cause: unknown): ComputeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ComputeError('invalid', `The request body is not valid JSON: ${why}`, { cause });
}

const kindByStatus: Partial<Record<number, ErrorKind>> = { 413: 'tooLarge', 415: 'badMediaType' };

function badMediaType(request: FastifyRequest): string {
  return `Content-Type: ${request.headers['content-type'] ?? 'none'} is not supported here; send application/json`;
}

/** fastify's own errors carry a status; all else that is not ours is a bug. */
function asComputeError(error: unknown, request: FastifyRequest): ComputeError {
  if (error instanceof ComputeError) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const kind = kindByStatus[statusCode] ?? 'invalid';
    const said = kind === 'badMediaType' ? badMediaType(request) : (message ?? 'bad request');
    return new ComputeError(kind, said, { cause: error });
  }
  return new ComputeError('bug', 'The server failed in a way it should not have.', {
    detail: message ?? String(error),
    cause: error,
  });
}

/** Starts listening and returns the port that was taken (`port` 0: a free one). Throws `unavailable` when it is in use. */
export async function listen(
  app: FastifyInstance,
  name: string,
  host: string,
  port: number,
): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    const problem =
      code === 'EADDRINUSE'
        ? `${host}:${port} is in use by another program; stop it or choose another port`
        : `cannot listen on ${host}:${port}: ${message}`;
    throw new ComputeError('unavailable', `${name}: ${problem}`, { cause });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
