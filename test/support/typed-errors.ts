/**
 * For tests with wild input: a refusal by the one typed error is as good as an answer, any other
 * error fails the test.
 */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { ComputeError } from '#core/errors.ts';

/**
 * Every input is answered, or refused with a ComputeError that is not a bug. `good` is one of the
 * inputs and must be answered: a parser that refuses everything fails.
 */
export function expectAnswersOrRefusals<Input>(
  inputs: fc.Arbitrary<Input>,
  good: Input,
  read: (input: Input) => unknown,
  { numRuns = 100 }: { numRuns?: number } = {},
): void {
  let answers = 0;
  const property = fc.property(inputs, (input) => {
    try {
      read(input);
      answers += 1;
    } catch (error) {
      if (!(error instanceof ComputeError) || error.kind === 'bug') throw error;
    }
  });
  fc.assert(property, { examples: [[good]], numRuns });
  expect(answers, 'inputs that were answered').toBeGreaterThan(0);
  read(good);
}
