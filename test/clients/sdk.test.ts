/** Debian 13's openstacksdk (Python) against `novella up`. */
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { skipTitle } from '#test/skip-title.ts';
import { type Place, runInside } from '../openstack/environment/inside.ts';
import { clientPlace, treeTimeoutMs } from './client-place.ts';

const isRoot = process.getuid?.() === 0;
const state = temporaryDirectory();
const program = 'sdk_journeys.py';
let novella: NovellaProcess;
let place: Place;

beforeAll(async () => {
  if (!isRoot) return;
  novella = await startNovella(join(state.path, 'novella'));
  place = await clientPlace(novella, join(state.path, 'client'), [program]);
}, treeTimeoutMs);

afterAll(async () => {
  await novella?.stop();
  state.remove();
});

const title = skipTitle('the journeys of openstacksdk work', isRoot, 'it needs root');
test.skipIf(!isRoot)(title, async () => {
  // unittest writes to the standard error output, and ends with another status than 0 on a failure.
  const command = ['sh', '-c', `python3 -W ignore ${program} -v 2>&1`];
  const printed = await runInside(place, command);
  expect(printed).toMatch(/\nRan \d{2} tests in [\d.]+s\n\nOK\n$/);
});
