/** A short part of the fuzz; `npm run fuzz` is the long one. */
import { expect, test } from 'vitest';
import { startFuzzCloud } from '../fuzz/cloud.ts';
import { playRoute } from '../fuzz/play.ts';
import { allRoutes } from '../fuzz/routes.ts';
import { newTally } from '../fuzz/tally.ts';

test('hostile requests to every route get an answer of their service, and the cloud continues', async () => {
  const routes = allRoutes();
  const tally = newTally();
  const cloud = await startFuzzCloud();
  try {
    for (const [at, route] of routes.entries()) {
      if (at % 40 === 0) await cloud.refill();
      for (const outcome of await playRoute(cloud.target, route, { seed: 11_000 + at, count: 3 })) {
        tally.add(outcome);
      }
    }
    await cloud.proveWhole();
  } finally {
    await cloud.stop();
  }
  expect(tally.problems()).toEqual([]);
  // The promise is a tenth of it; a busy machine measures more, including all that runs beside.
  expect(tally.costlierThan(1_000)).toEqual([]);
  expect(tally.unvisited(routes)).toEqual([]);
  expect(tally.tried()).toBe(routes.length * 3);
  const { '2xx': accepted = 0, '4xx': refused = 0 } = tally.statuses();
  expect(accepted).toBeGreaterThan(routes.length / 5);
  expect(refused).toBeGreaterThan(routes.length / 2);
}, 300_000);
