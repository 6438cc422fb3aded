/** A stream of events at the pace of its reader. */
import { expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';

const event = { id: 7, type: 'host', data: '{"name":"a"}' };

async function read(stream: EventStream): Promise<string> {
  let text = '';
  for await (const part of stream.body) text += String(part);
  return text;
}

test('events, comments and the time to return are written as the standard has them', async () => {
  const stream = new EventStream({ backlogBytes: 1_000, onClose: () => undefined });
  stream.retryAfter(500);
  stream.send([event, { type: 'end', data: '{}' }]);
  stream.send([]);
  stream.comment();
  stream.end();
  stream.end();
  expect(await read(stream)).toBe(
    'retry: 500\n\nid: 7\nevent: host\ndata: {"name":"a"}\n\nevent: end\ndata: {}\n\n:\n\n',
  );
  stream.send([event]);
});

test('a reader that does not read is disconnected when too much waits for it', async () => {
  const closed = Promise.withResolvers<void>();
  const stream = new EventStream({ backlogBytes: 100, onClose: closed.resolve });
  stream.send([event, event]);
  expect(stream.isOpen).toBe(true);
  stream.send([event, event]);
  await closed.promise;
  expect(stream.isOpen).toBe(false);
  stream.comment();
});
