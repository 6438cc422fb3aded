/** `npm run conformance -- DIR`: plays every vector file of DIR through the product and says where it differs from the reference. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseOutcome, failed, type Topic, type VectorCase } from './topic.ts';
import { topics } from './topics.ts';

interface Tally {
  passed: number;
  failed: number;
  unscored: number;
}

/** Only what holds for today's Nova, and is neither accidental nor open, is scored. See the README of the vectors. */
function isScored(testCase: VectorCase): boolean {
  return (
    testCase.eras.includes('modern') &&
    testCase.quirk !== true &&
    testCase.ambiguous !== true &&
    testCase.order_sensitive !== true
  );
}

async function outcomeOf(topic: Topic | undefined, testCase: VectorCase): Promise<CaseOutcome> {
  if (topic === undefined) return failed('the topic has no runner');
  try {
    return await topic.run(testCase);
  } catch (error) {
    return failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

async function runFile(path: string): Promise<Tally> {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { topic: string; cases: VectorCase[] };
  const topic = topics.find(({ name }) => name === file.topic);
  const tally: Tally = { passed: 0, failed: 0, unscored: 0 };
  for (const testCase of file.cases) {
    if (!isScored(testCase)) {
      tally.unscored += 1;
      continue;
    }
    const outcome = await outcomeOf(topic, testCase);
    if (outcome.kind === 'passed') tally.passed += 1;
    if (outcome.kind === 'failed') {
      tally.failed += 1;
      console.log(`failed ${file.topic} ${testCase.id}: ${outcome.why}`);
    }
    if (outcome.kind === 'better') {
      console.log(`better ${file.topic} ${testCase.id}: ${outcome.how}`);
    }
  }
  console.log(
    `${file.topic}: ${tally.passed} passed, ${tally.failed} failed, ${tally.unscored} unscored`,
  );
  return tally;
}

const directory = process.argv[2] ?? join(import.meta.dirname, '..', 'vectors');
const names = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .toSorted();
const sum = { passed: 0, failed: 0 };
for (const name of names) {
  const tally = await runFile(join(directory, name));
  sum.passed += tally.passed;
  sum.failed += tally.failed;
}
if (names.length === 0) console.log(`${directory}: no vector file`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed > 0 || names.length === 0 ? 1 : 0;
