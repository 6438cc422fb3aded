/** Each workflow as its file lists it: forward, and back in the reverse order. */
import { expect, test } from 'vitest';
import type { WorkflowStep } from './engine/workflow.ts';
import { workflows } from './server-operations.ts';

const all = Object.entries(workflows).map(([kind, { steps }]) => ({
  kind,
  steps: Object.entries(steps as Record<string, WorkflowStep<'boot'>>),
}));

test.each(all)('the forward steps of $kind come first', ({ steps }) => {
  const isBack = steps.map(([, { undo }]) => undo === undefined);
  expect(isBack).toEqual(isBack.toSorted((one, other) => Number(one) - Number(other)));
});

test.each(all)('the undo steps of $kind are listed in the reverse order', ({ steps }) => {
  const names = steps.map(([name]) => name);
  // The new host is prepared before the guest leaves, and is cleared before that is taken back: at
  // no time may both hosts run the guest.
  const early = new Set(['offered', 'prefetched', 'expected']);
  const ordered = steps.filter(([name]) => !early.has(name));
  const places = ordered.flatMap(([, { undo }]) => (undo === undefined ? [] : names.indexOf(undo)));
  expect(places).toEqual(places.toSorted((one, other) => other - one));
  expect(places).not.toContain(-1);
});
