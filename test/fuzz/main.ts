/**
 * `npm run fuzz -- --seconds N --seed S`: every route of the four services under hostile requests,
 * for the given time.
 */
import { countOption, programOptions } from '#test/programs/program-options.ts';
import { startFuzzCloud } from './cloud.ts';
import { playRoute } from './play.ts';
import { allRoutes } from './routes.ts';
import { newTally } from './tally.ts';

const usage = 'npm run fuzz -- [--seconds N] [--seed S] [--routes]';
const { values } = programOptions(usage, {
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    routes: { type: 'boolean', default: false },
  },
});
const seconds = countOption(usage, { name: 'seconds', value: values.seconds });
const end = Date.now() + seconds * 1000;
const firstSeed = countOption(usage, { name: 'seed', value: values.seed });
const routes = allRoutes();
const tally = newTally();
const cloud = await startFuzzCloud();
try {
  let seed = firstSeed;
  do {
    for (const [at, route] of routes.entries()) {
      if (at % 10 === 0) await cloud.refill();
      const played = await playRoute(cloud.target, route, { seed: seed * 1000 + at, count: 5 });
      for (const outcome of played) tally.add(outcome);
      if (Date.now() > end && tally.tried() >= routes.length * 5) break;
    }
    seed += 1;
  } while (Date.now() < end);
  report();
  await cloud.proveWhole();
} finally {
  await cloud.stop();
}
process.exitCode = tally.problems().length === 0 && tally.unvisited(routes).length === 0 ? 0 : 1;

function report(): void {
  const problems = tally.problems();
  const lines = [
    ...(values.routes ? tally.table() : []),
    `${tally.tried()} requests on ${routes.length} routes: ${JSON.stringify(tally.statuses())}`,
    'The most processor time, with what went on beside:',
    ...tally.worst(10),
    `${problems.length} wrong answers`,
    ...problems.slice(0, 50),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
