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

/** Steps a view down to a version. Changes and returns the view. */
export function steppedDown<Of>(
  view: View,
  version: number,
  steps: readonly StepDown<Of>[],
  of: Of,
): View {
  const due = steps.filter(({ below }) => version < below).sort((a, b) => b.below - a.below);
  for (const step of due) step.undo(view, of);
  return view;
}

/** A step that removes keys. Example: `without(73, 'locked_reason')`. */
export function without(below: number, ...keys: string[]): StepDown<unknown> {
  return {
    below,
    undo: (view) => {
      for (const key of keys) delete view[key];
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
      if (key in view) view[key] = older(view[key]);
    },
  };
}
