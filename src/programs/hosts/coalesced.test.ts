import { expect, test } from 'vitest';
import { coalesced } from './coalesced.ts';

test('requests during a run cause one more, which begins after the last of them', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let runs = 0;
  const work = coalesced(async () => {
    await gates[runs++]?.promise;
  });
  for (let count = 0; count < 5; count++) work.run();
  expect(runs).toBe(1);
  work.run();
  gates[0]?.resolve();
  gates[1]?.resolve();
  await work.settled();
  expect(runs).toBe(2);
  work.run();
  await work.settled();
  expect(runs).toBe(3);
});
