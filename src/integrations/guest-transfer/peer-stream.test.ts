/** The lines by which two hosts begin a connection. */
import { duplexPair } from 'node:stream';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  acceptingLine,
  openingLine,
  parseAnswer,
  parseOpening,
  readLine,
  refusingLine,
} from './peer-stream.ts';

const key = 'k'.repeat(43);

test('what one end writes the other reads', () => {
  expect(parseOpening(openingLine(key, 'file disk').trimEnd())).toEqual({ key, what: 'file disk' });
  expect(parseAnswer(acceptingLine(5, 7).trimEnd())).toEqual({ clock: 5, bytes: 7 });
  expect(parseAnswer(acceptingLine(5, null).trimEnd())).toEqual({ clock: 5, bytes: null });
  expect(() => parseAnswer(refusingLine('no\nroom').trimEnd())).toThrow('refuses: no room');
});

test.each(['', 'ok', 'ok x 1', '9'.repeat(99), 'GET / HTTP/1.1'])('%j is no answer', (line) => {
  expect(() => parseAnswer(line)).toThrow('cannot be read');
});

test.each(['', key, `short file disk`, `${key} `, `${key} ${'x'.repeat(300)}`, 'GET / HTTP/1.1'])(
  '%j opens nothing',
  (line) => {
    expect(parseOpening(line)).toBeUndefined();
  },
);

describe('the first line of a connection', () => {
  const pair = () => duplexPair() as unknown as [Socket, Socket];

  test('is read alone: what follows stays, however it is cut', async () => {
    const [near, far] = pair();
    far.write('he');
    far.write('llo\nrest');
    expect(await readLine(near)).toBe('hello');
    far.end(' more');
    const parts: Buffer[] = [];
    for await (const part of near) parts.push(part as Buffer);
    expect(Buffer.concat(parts).toString()).toBe('rest more');
  });

  test('that is too long, or does not come, is an error', async () => {
    const [long, far] = pair();
    far.write('x'.repeat(5_000));
    await expect(readLine(long)).rejects.toThrow('sends no line');
    const [ended, other] = pair();
    other.end('half');
    await expect(readLine(ended)).rejects.toThrow('was closed');
  });
});
