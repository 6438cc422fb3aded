/** Which requests with the cookie of the page are its own, and where it may be given. */
import type { FastifyRequest } from 'fastify';
import { pageHeader } from '#core/access/page-header.ts';
import { ComputeError } from '#core/errors.ts';

const safe = new Set(['GET', 'HEAD', 'OPTIONS']);
const siteHeader = 'sec-fetch-site';

/**
 * Throws `forbidden` for a request that may change something and is not one of the page's own. The
 * browser itself states where a request comes from, and another site cannot add the header without
 * permission. Source: Fetch Metadata Request Headers, 2.3; Fetch, "CORS preflight".
 */
export function refuseForeign({ method, headers }: FastifyRequest): void {
  if (safe.has(method)) return;
  const isOwn = headers[siteHeader] === 'same-origin';
  if (isOwn && headers[pageHeader.name] === pageHeader.value) return;
  throw new ComputeError(
    'forbidden',
    `A ${method} with the cookie of the page needs the headers Sec-Fetch-Site: same-origin and X-Novella-Page: 1, which browsers send for the page itself. Programs use X-Auth-Token.`,
  );
}

/** Routes that read with the cookie; the files of the page are the same for everybody. */
const withData = /^\/(?:v2|v2\.1|novella|ui\/session)(?:[/?]|$)/;

/**
 * Throws `forbidden` for data that another site, or another port of this host, has its reader's
 * browser load. `none`: the user entered the address; absent: an old browser, or a program.
 */
export function refuseForeignReader({ headers, routeOptions }: FastifyRequest): void {
  const site = headers[siteHeader];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // Not by the URL: its letters may be escaped.
  if (!withData.test(routeOptions.url ?? '')) return;
  throw new ComputeError(
    'forbidden',
    `Sec-Fetch-Site: ${site}: with the cookie of the page only the page itself may read this. Programs use X-Auth-Token.`,
  );
}

const forwarding = /^(?:forwarded|via|x-forwarded-.*|x-real-ip)$/;

/**
 * Throws `forbidden` for a request over plain HTTP that a proxy has forwarded: to the proxy the
 * cookie would go unprotected, whatever Host it names. A browser sends the address that the user
 * sees in Origin. `origin`: of the request.
 */
export function refuseForwarded({ headers }: FastifyRequest, origin: string): void {
  if (!origin.startsWith('http:')) return;
  const header = Object.keys(headers).find((name) => forwarding.test(name));
  const isElsewhere = headers.origin !== undefined && headers.origin !== new URL(origin).origin;
  if (header === undefined && !isElsewhere) return;
  const reason = header === undefined ? `Origin is ${headers.origin}` : `the header ${header}`;
  throw new ComputeError(
    'forbidden',
    `The sign-in came through a proxy (${reason}). Behind a proxy the page needs its HTTPS address in public_url.compute of novella.yaml.`,
  );
}
