/** Plays the cases of one vector file through the product and counts. Printing is main.ts's. */
import { readFileSync } from 'node:fs';
import { type CaseOutcome, failed, type Topic, type VectorCase } from './topic.ts';
import { topics } from './topics.ts';

/**
 * `notes`: one line per failing case, and per case where the product succeeds and the reference
 * does not.
 */
export interface Tally {
  topic: string;
  passed: number;
  failed: number;
  unscored: number;
  notes: string[];
}

/** Plays a file. A case that throws, or whose topic has no runner, counts as failed. */
export async function playFile(path: string): Promise<Tally> {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { topic: string; cases: VectorCase[] };
  const topic = topics.find(({ name }) => name === file.topic);
  const scored = file.cases.filter(isScored);
  const unscored = file.cases.length - scored.length;
  const tally: Tally = { topic: file.topic, passed: 0, failed: 0, unscored, notes: [] };
  for (const testCase of scored) {
    const outcome = await outcomeOf(topic, testCase);
    if (outcome.kind === 'passed') {
      tally.passed += 1;
      continue;
    }
    if (outcome.kind === 'failed') tally.failed += 1;
    const expected = outcome.kind === 'failed' ? outcome.why : outcome.how;
    tally.notes.push(`${outcome.kind} ${file.topic} ${testCase.id}: ${expected}`);
  }
  return tally;
}

/**
 * Only what applies to today's Nova, and is neither accidental nor open, is scored. See the README
 * of the vectors.
 */
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
