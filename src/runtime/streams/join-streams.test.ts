import { type Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { joinStreams } from './join-streams.ts';

const patient = { idleMs: 60_000, stalledMs: 60_000 };

/** Two pairs, joined in their middle: `a` and `b` are the outer ends. */
function joined(limits = patient) {
  const [a, one] = duplexPair();
  const [b, other] = duplexPair();
  for (const stream of [a, b, one, other]) stream.on('error', () => undefined);
  return { a, b, one, other, why: joinStreams(one, other, limits) };
}

function textOf(stream: Duplex): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    stream.once('end', () => resolve(text));
  });
}

test('bytes pass in both directions, and those before an end arrive', async () => {
  const { a, b, why } = joined();
  const [atA, atB] = [textOf(a), textOf(b)];
  a.write('to b');
  b.write('to a');
  await new Promise(setImmediate);
  a.end(', the last');
  expect(await atB).toBe('to b, the last');
  expect(await atA).toBe('to a');
  expect(await why).toBe('closed');
});

test.each(['one', 'other'] as const)('when %s is destroyed both are closed', async (side) => {
  const { a, b, why, ...inner } = joined();
  a.resume();
  b.resume();
  inner[side].destroy(new Error('cut'));
  expect(await why).toBe('closed');
  await expect.poll(() => [inner.one.destroyed, inner.other.destroyed]).toEqual([true, true]);
});

test('a side that takes nothing pauses the other: only the buffers of the streams are filled', async () => {
  const { a, b } = joined();
  let sent = 0;
  const chunk = Buffer.alloc(16 * 1024);
  while (sent < 10_000 && a.write(chunk)) {
    sent += 1;
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(100);
  b.resume();
  await new Promise((resolve) => {
    a.once('drain', resolve);
  });
});

test('a side that takes nothing for too long, and two that send nothing, are closed', async () => {
  const stalled = joined({ idleMs: 60_000, stalledMs: 20 });
  stalled.a.write(Buffer.alloc(1024 * 1024));
  expect(await stalled.why).toBe('stalled');
  expect([stalled.one.destroyed, stalled.other.destroyed]).toEqual([true, true]);
  const idle = joined({ idleMs: 20, stalledMs: 60_000 });
  idle.b.resume();
  idle.a.write('x');
  expect(await idle.why).toBe('idle');
});
