/** A reply's body that is JSON text already: a long list is written in parts. */

/** Sent as `application/json`. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * The object of these entries' texts and of others. Example: `listText('servers', ['{"id":1}'], {
 * servers_links: [] })` → `{"servers":[{"id":1}],"servers_links":[]}`.
 */
export function listText(name: string, entries: readonly string[], others: object): JsonText {
  const rest = JSON.stringify(others).slice(1);
  const comma = rest === '}' ? '' : ',';
  return new JsonText(`{${JSON.stringify(name)}:[${entries.join(',')}]${comma}${rest}`);
}
