/** Long computations that pause after each step, so that a server can do other work in between. */

/**
 * Yields nothing at its pauses, and returns its result at the end. Must not depend on anything that
 * changes in between.
 */
export type Steps<Made> = Generator<undefined, Made>;

/**
 * Runs it to its end without a pause: for a program with no other work. Example:
 * `allAtOnce(checkingDeviceSpecs(specs, functions))`.
 */
export function allAtOnce<Made>(steps: Steps<Made>): Made {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
