/** The cookie that has a browser's session. */
import { parseCookie, stringifySetCookie } from 'cookie';
import { ComputeError } from '#core/errors.ts';

/**
 * Over TLS the prefix lets only this host set it. On loopback browsers share cookies among all
 * ports of a host, so there the name has the port. Source: RFC 6265bis, 4.1.3.
 */
function nameFor(origin: URL): string {
  return origin.protocol === 'https:' ? '__Host-novella' : `novella-${origin.port || 80}`;
}

/** undefined: the request has none. */
export function sealedIn(cookies: string | undefined, origin: string): string | undefined {
  if (cookies === undefined) return undefined;
  return parseCookie(cookies)[nameFor(new URL(origin))];
}

/**
 * The header that gives a browser this session; '' ends it. Throws `forbidden` over plain HTTP from
 * another machine: everybody on the way could read it.
 */
export function cookieHeader(sealed: string, origin: string): string {
  const url = new URL(origin);
  const isSecure = url.protocol === 'https:';
  if (!isSecure && !isLoopback(url.hostname)) {
    throw new ComputeError(
      'forbidden',
      `The page can be used over plain HTTP only on the controller itself, as http://127.0.0.1:${url.port || 80}/ui/. From other machines it needs HTTPS: set tls in novella.yaml, or public_url.compute behind a proxy that has it.`,
    );
  }
  return stringifySetCookie({
    name: nameFor(url),
    value: sealed,
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure,
    ...(sealed === '' && { maxAge: 0 }),
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
