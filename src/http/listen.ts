/** Binding the port of a service, and why it failed. */
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { ComputeError } from '#core/errors.ts';

/**
 * Starts listening and returns the port that was taken (`port` 0: a free one). `localhost` is all
 * of its addresses, as far as their port is free. Throws `unavailable` when it is in use.
 */
export async function listen(
  app: FastifyInstance,
  name: string,
  host: string,
  port: number,
): Promise<number> {
  try {
    await app.listen({ host, port, listenTextResolver: (url) => listeningAt(url, app) });
  } catch (cause) {
    throw new ComputeError('unavailable', `${name}: ${whyNoPort(cause, { name, host, port })}`, {
      cause,
    });
  }
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) return port;
  if (host === 'localhost') await listenBeside(app, address);
  return address.port;
}

/** fastify takes a server that is made for it for one without TLS. */
function listeningAt(url: string, { server }: FastifyInstance): string {
  return `Server listening at ${server instanceof TlsServer ? url.replace(/^http:/, 'https:') : url}`;
}

/** Hands connections to the other addresses of `localhost` to the app's server, and its limits. */
async function listenBeside(
  { server }: FastifyInstance,
  first: { address: string; port: number },
): Promise<void> {
  const others = (await lookup('localhost', { all: true })).filter(
    ({ address }) => address !== first.address,
  );
  for (const { address } of others) {
    const beside = createServer((socket) => server.emit('connection', socket));
    beside.maxConnections = server.maxConnections;
    await new Promise<void>((resolve) => {
      // Not fatal: clients try each address.
      beside.once('error', () => resolve());
      beside.listen({ host: address, port: first.port }, resolve);
    });
    server.once('close', () => beside.close());
  }
}

function whyNoPort(
  cause: unknown,
  { name, host, port }: { name: string; host: string; port: number },
): string {
  const { code = '', message } = cause as { code?: string; message: string };
  const place = `${host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use by another program, perhaps another Novella; stop it, set ${portKey(name)} in novella.yaml, or start with --free-ports`;
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${place}: this machine has no such address; \`ip address\` lists those for \`listen\` in novella.yaml`;
    case 'EACCES':
      return `cannot listen on ${place}: this user may not take that port; set ${portKey(name)} in novella.yaml to one above 1023`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `cannot listen on ${place}: the name ${host} has no address; \`listen\` in novella.yaml takes an address such as 127.0.0.1`;
    default:
      return `cannot listen on ${place}: ${message}`;
  }
}

/** The port of the metrics has its key beside its other settings. */
function portKey(name: string): string {
  return name === 'metrics' ? 'metrics.port' : `ports.${name}`;
}
