/** A guest's own host name, from the name of its server. */

const longest = 63;

/**
 * A legal host name from a server's name: lower case, blanks and underscores as dashes, nothing but
 * letters, digits, dots and dashes, at most 63 characters. Example: `My Server_1` → `my-server-1`;
 * `###` → the fallback. Source: Nova `utils.sanitize_hostname`.
 */
export function hostnameOf(serverName: string, fallback: string): string {
  const legal = serverName
    .replaceAll(/[ _]/g, '-')
    .replaceAll(/[^A-Za-z0-9.-]/g, '')
    .toLowerCase()
    .replace(/^[.-]+/, '')
    .slice(0, longest)
    .replace(/[.-]+$/, '');
  return legal === '' ? fallback : legal;
}
