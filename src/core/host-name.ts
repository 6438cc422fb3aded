/** Names of hosts: safe in URLs, files and logs. */

/** As a pattern of JSON Schema. Examples: `hv1`, `rack-3.example.org`. */
export const hostNameRule = '^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$';

/** `hostNameRule` as text, for messages. */
export const hostNameRuleText =
  'use letters, digits, dots and hyphens, at most 255 characters, beginning with a letter or digit';

/** Is this a valid host name? */
export function isHostName(text: string): boolean {
  return new RegExp(hostNameRule).test(text);
}
