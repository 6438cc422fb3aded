/**
 * Whether two plain values are equal, regardless of the order of their keys; a key with undefined
 * counts as absent. Example: `{ b: [1], a: null }` and `{ a: null, b: [1], c: undefined }` are
 * equal.
 */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) return isSameList(one, other);
  const [fields, others] = [one as Fields, other as Fields];
  const names = definedIn(fields);
  return (
    names.length === definedIn(others).length &&
    names.every((name) => Object.hasOwn(others, name) && isSame(fields[name], others[name]))
  );
}

type Fields = Readonly<Record<string, unknown>>;

function isSameList(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((value, at) => isSame(value, other[at]));
}

function definedIn(fields: Fields): string[] {
  return Object.keys(fields).filter((name) => fields[name] !== undefined);
}
