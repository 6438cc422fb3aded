/**
 * Which pages may open a console: a browser sends the origin of the page with each WebSocket, and a
 * page of another site must not use a token that it has come by. Source: RFC 6455, 10.2; Nova
 * `[console] allowed_origins`.
 */

/**
 * `host`: the request's Host header. A page of that host and port is allowed, and pages of `others`
 * (hosts, perhaps with a port). Programs send no origin. Example: `('https://cloud.example:8774', {
 * host: 'cloud.example:8774', others: [] })` → true.
 */
export function isAllowedOrigin(
  origin: string,
  { host, others }: { host: string | undefined; others: readonly string[] },
): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || url.host === '') return false;
  const allowed = [...(host === undefined ? [] : [host]), ...others];
  return allowed.some((name) => withoutUsualPort(name, url.protocol) === url.host);
}

/** Example: `('Cloud.example:443', 'https:')` → `cloud.example`, as URLs have it. */
function withoutUsualPort(name: string, protocol: string): string | undefined {
  const text = `${protocol}//${name}`;
  return URL.canParse(text) ? new URL(text).host : undefined;
}
