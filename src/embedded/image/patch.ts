/** The two JSON-patch forms of the image API, applied to what a user says of an image. */
import { ComputeError } from '#core/errors.ts';
import { isReadOnly, readOnlyKeys } from './image-body.ts';

/** One change. Example: `{ op: 'replace', key: 'name', value: 'tiny' }`. */
interface Change {
  op: 'add' | 'replace' | 'remove';
  key: string;
  value?: unknown;
}

const operations = ['add', 'replace', 'remove'] as const;

/** The requested image with the changes in it. Throws `invalid` naming the entry, `conflict` for a property that is not there. */
export function applyPatch(
  requested: Record<string, unknown>,
  patch: unknown,
): Record<string, unknown> {
  if (!Array.isArray(patch)) {
    throw new ComputeError('invalid', 'body: a patch is a list of changes');
  }
  const changed = new Map(Object.entries(requested));
  patch.forEach((entry, index) => {
    const { op, key, value } = readChange(entry, index);
    if (readOnlyKeys.includes(key)) throw isReadOnly(key);
    if (op !== 'add' && !changed.has(key)) {
      throw new ComputeError('conflict', `body[${index}]: Property ${key} does not exist.`);
    }
    if (op === 'remove') changed.delete(key);
    else changed.set(key, value);
  });
  return Object.fromEntries(changed);
}

/** 2.1: `{op, path, value}`. 2.0: `{"replace": path, value}`. */
function readChange(entry: unknown, index: number): Change {
  const fields = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<
    string,
    unknown
  >;
  const op = operations.find((name) => fields['op'] === name || Object.hasOwn(fields, name));
  const path = op !== undefined && Object.hasOwn(fields, op) ? fields[op] : fields['path'];
  if (op === undefined) {
    throw new ComputeError(
      'invalid',
      `body[${index}].op: ${JSON.stringify(fields['op'] ?? null)} is no operation: must be one of ${operations.join(', ')}`,
    );
  }
  if (typeof path !== 'string' || !/^\/[^/]+$/.test(path)) {
    throw new ComputeError(
      'invalid',
      `body[${index}].path: ${JSON.stringify(path ?? null)} is no property of an image, as /name`,
    );
  }
  const key = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  if (op !== 'remove' && !Object.hasOwn(fields, 'value')) {
    throw new ComputeError('invalid', `body[${index}].value: missing: ${op} needs one`);
  }
  return { op, key, value: fields['value'] };
}
