/**
 * What each microversion added to a view, as steps down from the newest shape. A view is built
 * once, for the highest version, and steps down to the requested one. Source: Nova
 * `rest_api_version_history.rst`.
 */

export type View = Record<string, unknown>;

/**
 * In versions below `below` the view is as `undo` leaves it. `Of` is what the view was made from.
 */
export interface StepDown<Of = void> {
  below: number;
  undo: (view: View, of: Of) => void;
}

/**
 * Steps a view down to a version. Changes and returns the view, in which a key that the version
 * does not have is undefined: it is not in the JSON.
 */
export function steppedDown<Of>(
  view: View,
  version: number,
  steps: readonly StepDown<Of>[],
  of: Of,
): View {
  for (const step of dueSteps(steps, version)) step.undo(view, of);
  return view;
}

const known = new WeakMap<object, Map<number, readonly unknown[]>>();

/** The steps of older versions, newest first; found once for a version. */
function dueSteps<Of>(steps: readonly StepDown<Of>[], version: number): readonly StepDown<Of>[] {
  const byVersion = known.get(steps) ?? new Map<number, readonly unknown[]>();
  known.set(steps, byVersion);
  const due = byVersion.get(version) as readonly StepDown<Of>[] | undefined;
  if (due !== undefined) return due;
  const found = steps
    .filter(({ below }) => version < below)
    .toSorted((one, other) => other.below - one.below);
  byVersion.set(version, found);
  return found;
}

/** A step that removes keys. Example: `without(73, 'locked_reason')`. */
export function without(below: number, ...keys: string[]): StepDown<unknown> {
  return {
    below,
    undo: (view) => {
      // Deleting a key makes an object slow to read and to write as JSON.
      for (const key of keys) view[key] = undefined;
    },
  };
}

/**
 * A step that writes a key in the older way. Example: `rewritten(75, 'swap', (swap) => (swap === 0
 * ? '' : swap))`.
 */
export function rewritten(
  below: number,
  key: string,
  older: (value: unknown) => unknown,
): StepDown<unknown> {
  return {
    below,
    undo: (view) => {
      if (view[key] !== undefined) view[key] = older(view[key]);
    },
  };
}
