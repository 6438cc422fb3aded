/** A change of an image's properties, in the form that the image service takes. */

/** A name is in one of them only. */
export interface PropertyChange {
  set: Record<string, string>;
  remove: readonly string[];
}

/**
 * A JSON patch in form 2.1, in which `add` replaces too. Example: `{ set: { os: 'x' }, remove:
 * ['a/b'] }` → `[{ op: 'add', path: '/os', value: 'x' }, { op: 'remove', path: '/a~1b' }]`. Source:
 * Glance's API, "Update image"; RFC 6901 for the paths.
 */
export function propertyPatch({ set, remove }: PropertyChange): object[] {
  return [
    ...Object.entries(set).map(([key, value]) => ({ op: 'add', path: pointerTo(key), value })),
    ...remove.map((key) => ({ op: 'remove', path: pointerTo(key) })),
  ];
}

function pointerTo(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
