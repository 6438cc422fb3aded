/** The two JSON-patch forms of the image API, applied to the user's attributes of an image. */
import { Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import type { OpenCall } from '#http/routes/route.ts';
import { baseKeys, refuseServiceKey } from './image-body.ts';
import { patchTypes, refuseOtherType } from './media-types.ts';

/** 2.1: `{op, path, value}`. 2.0: `{"replace": path, value}`. */
export type PatchForm = '2.0' | '2.1';

/** One change. Example: `{ op: 'replace', key: 'name', value: 'tiny', place: 'body[0]' }`. */
export interface Change {
  op: 'add' | 'replace' | 'remove';
  key: string;
  value?: unknown;
  place: string;
}

/** The changes of a body, and in which form they came. */
export interface Patch {
  changes: Change[];
  form: PatchForm;
}

const operations = ['add', 'replace', 'remove'] as const;

/** The body of a change. Its media type determines the form. */
export const imagePatch = {
  schema: () => Type.Array(Type.Record(Type.String(), Type.Unknown())),
  read: (body: unknown, call: Pick<OpenCall, 'request'>): Patch => {
    refuseOtherType(call, patchTypes);
    return readPatch(body, call.request.mediaType === patchTypes[0] ? '2.0' : '2.1');
  },
};

/**
 * The changes of a patch. Throws `invalid` naming the entry, `forbidden` for what only the service
 * sets and for the removal of an attribute.
 */
export function readPatch(patch: unknown, form: PatchForm): Patch {
  if (!Array.isArray(patch)) {
    throw new ComputeError('invalid', 'body: a patch is a list of changes');
  }
  const changes = patch.map((entry: unknown, index) => {
    const change = readChange(entry, `body[${index}]`, form);
    refuseServiceKey(change.key);
    if (change.op === 'remove' && baseKeys.includes(change.key)) {
      throw new ComputeError(
        'forbidden',
        `${change.place}: Property ${change.key} may not be removed.`,
      );
    }
    return change;
  });
  return { changes, form };
}

/**
 * The requested image with the changes in it. Throws `conflict` for a property that is not there,
 * and in the form 2.0 for one to add that is.
 */
export function applyChanges(
  requested: Record<string, unknown>,
  changes: readonly Change[],
  form: PatchForm,
): Record<string, unknown> {
  const changed = new Map(Object.entries(requested));
  for (const { op, key, value, place } of changes) {
    if (op !== 'add' && !changed.has(key)) {
      throw new ComputeError('conflict', `${place}: Property ${key} does not exist.`);
    }
    if (op === 'add' && form === '2.0' && changed.has(key)) {
      throw new ComputeError('conflict', `${place}: Property ${key} already present.`);
    }
    if (op === 'remove') changed.delete(key);
    else changed.set(key, value);
  }
  return Object.fromEntries(changed);
}

function readChange(entry: unknown, place: string, form: PatchForm): Change {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new ComputeError('invalid', `${place}: a change is an object`);
  }
  const fields = entry as Record<string, unknown>;
  const { op, path } = form === '2.0' ? oldForm(fields, place) : newForm(fields, place);
  const key = keyOf(path, place);
  if (op !== 'remove' && !Object.hasOwn(fields, 'value')) {
    throw new ComputeError('invalid', `${place}.value: missing: ${op} needs one`);
  }
  return { op, key, value: fields['value'], place };
}

function newForm(fields: Record<string, unknown>, place: string) {
  const op = operations.find((name) => fields['op'] === name);
  if (op !== undefined) return { op, path: fields['path'] };
  throw new ComputeError(
    'invalid',
    `${place}.op: ${JSON.stringify(fields['op'] ?? null)} is not an operation: must be one of ${operations.join(', ')}`,
  );
}

function oldForm(fields: Record<string, unknown>, place: string) {
  const [op, ...others] = operations.filter((name) => Object.hasOwn(fields, name));
  if (op !== undefined && others.length === 0) return { op, path: fields[op] };
  throw new ComputeError(
    'invalid',
    `${place}: must have exactly one of the keys ${operations.join(', ')}`,
  );
}

/** A pointer to an attribute or property. Example: `/hw~1model` → `hw/model`. Source: RFC 6901. */
function keyOf(path: unknown, place: string): string {
  if (typeof path === 'string' && /^\/(?:[^/~]|~[01])+$/.test(path)) {
    return path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  }
  throw new ComputeError(
    'invalid',
    `${place}.path: ${JSON.stringify(path ?? null).slice(0, 80)} is not a property of an image, such as /name`,
  );
}
