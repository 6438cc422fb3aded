/**
 * A setup file: each reply of the operator API that a test reads through `fetch` must have its
 * shape, from a cloud of this process, of another, or a recorded one.
 */
import { afterEach, expect } from 'vitest';
import { isOperatorUrl, wrongInReply } from './operator-replies.ts';

interface CheckedFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The findings since the last test ended. */
  wrong?: string[];
}

/** Test files of one worker share the process, and this file is run for each. */
const wrong = (globalThis.fetch as CheckedFetch).wrong ?? wrapFetch();

function wrapFetch(): string[] {
  const plain = globalThis.fetch;
  const found: string[] = [];
  const checked: CheckedFetch = async (input, init) => {
    const reply = await plain(input, init);
    const url = input instanceof Request ? input.url : String(input);
    if (!isOperatorUrl(url)) return reply;
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    found.push(...wrongInReply({ method, url, status: reply.status, body: await bodyOf(reply) }));
    return reply;
  };
  checked.wrong = found;
  globalThis.fetch = checked;
  return found;
}

async function bodyOf(reply: Response): Promise<unknown> {
  const isJson = reply.headers.get('content-type')?.includes('json') === true;
  if (!isJson) return reply.status === 204 ? '' : undefined;
  const text = await reply.clone().text();
  return text === '' ? '' : JSON.parse(text);
}

afterEach(() => {
  expect(wrong.splice(0), 'replies that are not as src/client/shapes says').toEqual([]);
});
