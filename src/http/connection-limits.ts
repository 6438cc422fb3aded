/**
 * Bounds on what a client may leave open: a slow or idle connection is closed, and their number is
 * limited.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';

export interface ConnectionLimits {
  /** From the connection, or the first byte of a request, to the end of its headers. */
  headersMs: number;
  /** From the headers to the end of a body that is kept in memory. */
  bodyMs: number;
  /** Without a byte in either direction, while the client should send or receive. */
  idleMs: number;
  /** Between two requests of one connection. */
  keepAliveMs: number;
  /** Concurrent connections; one more is closed on arrival. */
  connections: number;
  /** Of these, from one address: some are left for others. */
  connectionsOfAddress: number;
}

export const usualLimits: ConnectionLimits = {
  headersMs: 30_000,
  bodyMs: 60_000,
  idleMs: 60_000,
  keepAliveMs: 60_000,
  connections: 1_024,
  connectionsOfAddress: 768,
};

/** Bodies of this content type are streamed, for as long as bytes come. */
const streamed = 'application/octet-stream';

/** Holds the app's server to these limits. */
export function limitConnections(app: FastifyInstance, limits: ConnectionLimits): void {
  const replies = new WeakMap<Socket, ServerResponse>();
  const { server } = app;
  server.maxConnections = limits.connections;
  limitAddresses(server, limits.connectionsOfAddress);
  server.setTimeout(limits.idleMs, (socket: Socket) => {
    const reply = replies.get(socket);
    const isAtWork = reply?.req.complete === true && !reply.headersSent;
    if (!isAtWork) socket.destroy();
  });
  app.addHook('onRequest', (request, reply, done) => {
    replies.set(request.raw.socket, reply.raw);
    done();
  });
  // oxlint-disable-next-line max-params -- fastify's signature
  app.addHook('preParsing', (request: FastifyRequest, reply: FastifyReply, payload, done) => {
    if (!hasBody(request) || request.mediaType === streamed) return done(null, payload);
    const timer = setTimeout(() => {
      // A body that no route reads may be late; and an error without a listener ends the process.
      if (payload.listenerCount('error') === 0) return;
      // Its rest is not waited for, nor read.
      reply.header('connection', 'close');
      payload.emit('error', new ComputeError('requestTimeout', lateBody(limits.bodyMs)));
    }, limits.bodyMs);
    timer.unref();
    payload.once('end', () => clearTimeout(timer));
    reply.raw.once('close', () => clearTimeout(timer));
    done(null, payload);
  });
}

/** Source: RFC 9112, 6.3. */
function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Closes a connection from an address that has too many already. */
function limitAddresses(server: FastifyInstance['server'], most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = open.get(address) ?? 0;
    if (count >= most) {
      socket.destroy();
      return;
    }
    open.set(address, count + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

function lateBody(ms: number): string {
  return `The request body did not arrive within ${ms / 1000} s.`;
}
