/** What a step may return: checked by the compiler, so the values exist only to be typed. */
import { expect, test } from 'vitest';
import type { StepOutcome } from './workflow.ts';
import { succeeded } from './endings.ts';

const data = { nicId: 'nic' };

test('a workflow ends with an outcome, or does not compile', () => {
  const outcomes: StepOutcome<'detach'>[] = [
    { outcome: succeeded, next: null },
    // @ts-expect-error the requester of a task that ends without an outcome waits for ever
    { next: null },
    // @ts-expect-error a changed server is no outcome
    { server: { taskState: null }, next: null },
    // @ts-expect-error nor is a message
    { actionMessage: 'the host is silent', next: null },
    // @ts-expect-error where the workflow goes next cannot be left out
    { outcome: succeeded },
  ];
  expect(outcomes).toHaveLength(5);
});

test('a step that continues may state the outcome, and need not', () => {
  const next = { step: 'release', data, dueAt: 0 } as const;
  const outcomes: StepOutcome<'detach'>[] = [
    { next },
    { outcome: succeeded, next },
    // @ts-expect-error a step of another workflow
    { next: { ...next, step: 'schedule' } },
  ];
  expect(outcomes).toHaveLength(3);
});
