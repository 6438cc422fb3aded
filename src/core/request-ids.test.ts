import { expect, test } from 'vitest';
import { requestIds } from './request-ids.ts';

const globalRequestId = 'req-5a0f5cc0-9f4b-4d5c-8d2a-5f1f3b3f6f11';

test('the id of the client’s own request is kept with ours', () => {
  expect(requestIds('req-1', globalRequestId)).toEqual({ requestId: 'req-1', globalRequestId });
});

test.each([
  undefined,
  '',
  '5a0f5cc0-9f4b-4d5c-8d2a-5f1f3b3f6f11',
  `${globalRequestId}\n`,
  `${globalRequestId}0`,
  [globalRequestId],
])('%j is not such an id', (header) => {
  expect(requestIds('req-1', header)).toEqual({ requestId: 'req-1' });
});
