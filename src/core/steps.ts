/** Long computations that stop after each step, so that a server can do other work in between. */

/**
 * Gives nothing at its stops, and what it was made for at its end. Must not depend on anything that
 * changes meanwhile.
 */
export type Steps<Made> = Generator<undefined, Made>;

/**
 * Runs it to its end without a stop: for a program that serves nobody else. Example:
 * `allAtOnce(checkingDeviceSpecs(specs, functions))`.
 */
export function allAtOnce<Made>(steps: Steps<Made>): Made {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
