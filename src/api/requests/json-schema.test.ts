/** The message for a body that its schema does not allow. */
import { expect, test } from 'vitest';
import { name, textMap } from './fields.ts';
import type { TSchema } from 'typebox';
import { closed, readBody } from './json-schema.ts';

const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k!${at}`, 'x']));

function messageFor(schema: TSchema, body: unknown): string {
  try {
    readBody(schema, body);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test.each([1, 2, 20])('%i unknown keys are reported as such', (count) => {
  const rule = /^Additional properties are not allowed \('k!0'.* (was|were) unexpected\)$/;
  expect(messageFor(closed({ name }), keys(count))).toMatch(rule);
  const inside = messageFor(closed({ metadata: textMap }), { metadata: keys(count) });
  expect(inside).toMatch(/^Invalid input for field\/attribute metadata\. Value: \{"k!0"/);
  expect(inside).toMatch(/Additional properties are not allowed \('k!0'/);
});
