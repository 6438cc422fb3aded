/** Every scored vector of a topic that needs no running cloud passes. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { playFile } from './conformance/play.ts';

const pureTopics = ['binding', 'devspec', 'nodedev', 'requests', 'stats', 'vif_xml'];

for (const topic of pureTopics) {
  test(`every recorded ${topic} behaviour of Nova is the product's`, async () => {
    const { passed, notes } = await playFile(join(import.meta.dirname, 'vectors', `${topic}.json`));
    expect(notes).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
}
