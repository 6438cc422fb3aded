/** Binding the port of a service, and why it failed. */
import type { FastifyInstance } from 'fastify';
import { ComputeError } from '#core/errors.ts';

/**
 * Starts listening and returns the port that was taken (`port` 0: a free one). Throws `unavailable`
 * when it is in use.
 */
export async function listen(
  app: FastifyInstance,
  name: string,
  host: string,
  port: number,
): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new ComputeError('unavailable', `${name}: ${whyNoPort(cause, { name, host, port })}`, {
      cause,
    });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function whyNoPort(
  cause: unknown,
  { name, host, port }: { name: string; host: string; port: number },
): string {
  const { code = '', message } = cause as { code?: string; message: string };
  const place = `${host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use by another program, perhaps another Novella; stop it, set ports.${name} in novella.yaml, or start with --free-ports`;
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${place}: this machine has no such address; \`ip address\` lists those for \`listen\` in novella.yaml`;
    case 'EACCES':
      return `cannot listen on ${place}: this user may not take that port; set ports.${name} in novella.yaml to one above 1023`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `cannot listen on ${place}: the name ${host} has no address; \`listen\` in novella.yaml takes an address such as 127.0.0.1`;
    default:
      return `cannot listen on ${place}: ${message}`;
  }
}
