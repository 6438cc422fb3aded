/** `metadata=` of a server list: the items that a server must have. */
import { ComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';

/**
 * A test for the servers that have every item of the value: JSON (`{"role": "web"}`), the same as
 * Python prints it (`{'role': 'web'}`, as its clients send a dictionary), or one item as
 * `role=web`. Throws `invalid` for anything else.
 */
export function metadataFilter(
  value: string,
  key: string,
): (server: Pick<Server, 'metadata'>) => boolean {
  const requested = Object.entries(itemsOf(value, key));
  return ({ metadata }) =>
    requested.every(([name, text]) => Object.hasOwn(metadata, name) && metadata[name] === text);
}

function itemsOf(value: string, key: string): Record<string, string> {
  const items = parsed(value) ?? parsed(fromPython(value));
  if (isTextMap(items)) return items;
  const equals = value.indexOf('=');
  if (equals > 0 && !/[{}]/.test(value)) {
    return { [value.slice(0, equals)]: value.slice(equals + 1) };
  }
  throw new ComputeError(
    'invalid',
    `Invalid input for query parameters ${key}. Value: ${value}. must be an object of texts, such as {"role": "web"}, or role=web`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Texts with a quotation mark or a backslash stay unchanged: Python prints those differently. */
function fromPython(text: string): string {
  return /["\\]/.test(text) ? text : text.replaceAll("'", '"');
}

function isTextMap(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}
