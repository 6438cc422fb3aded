/** URLs of databases, as they may be shown. */

/** Example: `postgresql://nova:secret@db/nova` → `postgresql://nova@db/nova`. */
export function withoutPassword(url: string): string {
  return url
    .replace(/^([\w+]+:\/\/[^/:@]*):.*@/s, '$1@')
    .replaceAll(/([?&]password=)[^&]*/g, '$1…');
}
