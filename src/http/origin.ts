/** Under which address a client reached a service, for links in answers. */
import type { FastifyRequest } from 'fastify';

/**
 * A DNS name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. Source: RFC 3986,
 * section 3.2.2.
 */
const hostAndPort =
  /^(?:[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * `publicUrl` where one is configured; else as the request came, by its Host header where that is a
 * name or an address with a port, and by the address it arrived at where it is anything else. No
 * forwarding header counts: anyone can send those. Example: Host `cloud.example:8774` over TLS →
 * `https://cloud.example:8774`.
 */
export function originOf(
  request: Pick<FastifyRequest, 'headers' | 'raw' | 'protocol'>,
  publicUrl?: string,
): string {
  if (publicUrl !== undefined) return publicUrl;
  const { host } = request.headers;
  const given = `${request.protocol}://${host}`;
  if (host !== undefined && hostAndPort.test(host) && URL.canParse(given)) return given;
  const { localAddress = '127.0.0.1', localPort } = request.raw.socket;
  const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return `${request.protocol}://${address}${localPort === undefined ? '' : `:${localPort}`}`;
}
