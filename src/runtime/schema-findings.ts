/** What a JSON Schema validator reports, read for messages. */

/** One finding. Source: typebox `Errors`, in the terms of JSON Schema. */
export interface Finding {
  keyword: string;
  schemaPath: string;
  /** A JSON pointer into the checked value. Example: `/servers/0/name`. */
  instancePath: string;
  params: object;
  message: string;
}

/** The names in a JSON pointer. Example: `/a~1b/0` → `['a/b', '0']`; the whole value: none. */
export function namesIn(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value below these names; undefined where there is none. */
export function valueAt(names: readonly string[], from: unknown): unknown {
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | null | undefined)?.[name],
    from,
  );
}

/** Example: `cutTo(8, 'a long text')` → `a lon...`. */
export function cutTo(length: number, text: string): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}

/** Example: `quoted(['a', 'b'])` → `'a', 'b'`. */
export function quoted(names: readonly unknown[]): string {
  return names.map((name) => `'${String(name)}'`).join(', ');
}
