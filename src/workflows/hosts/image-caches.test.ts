/** Which hosts are requested to fetch images, and what they may fetch. */
import { expect, test } from 'vitest';
import { ImageCaches } from './image-caches.ts';

function begin() {
  const time = { now: 0 };
  const caches = new ImageCaches(() => time.now);
  const sent: string[] = [];
  const unlink = caches.linked('h1', (imageId) => sent.push(imageId));
  return { time, caches, sent, unlink };
}

test('a linked host is requested, and may fetch that image for an hour', () => {
  const { caches, sent, time } = begin();
  expect(caches.request('h1', 'i1')).toBe(true);
  expect(sent).toEqual(['i1']);
  expect([caches.allows('h1', 'i1'), caches.allows('h1', 'i2'), caches.allows('h2', 'i1')]).toEqual(
    [true, false, false],
  );
  time.now = 3_600_001;
  expect(caches.allows('h1', 'i1')).toBe(false);
});

test('a host without a link is left out; a link that was replaced ends nothing', () => {
  const { caches, sent, unlink } = begin();
  expect(caches.request('h2', 'i1')).toBe(false);
  const again = caches.linked('h1', (imageId) => sent.push(`again ${imageId}`));
  unlink();
  expect(caches.request('h1', 'i1')).toBe(true);
  again();
  expect(caches.request('h1', 'i2')).toBe(false);
  expect(sent).toEqual(['again i1']);
});

test('a host is allowed the newest hundred', () => {
  const { caches } = begin();
  for (let at = 0; at < 101; at += 1) caches.request('h1', `i${at}`);
  expect([caches.allows('h1', 'i0'), caches.allows('h1', 'i1')]).toEqual([false, true]);
});
