/** Consoles and images of hosts that are linked to another controller. */
import { duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import type { ControllerMessage, ControllerPost } from '#contracts/controller-post.ts';
import type { ConsoleRequest } from '#contracts/host/host-link.ts';
import type { Store } from '#contracts/store/store.ts';
import { HostLinks } from '../hosts/host-links.ts';
import { requestsElsewhere, takeRequests } from './requests-elsewhere.ts';

const guest = { hostId: 'h1', guestId: 'g', projectId: 'p', kind: 'vnc' } as const;
const clock = { now: Date.now };

/** Controllers that get each other's messages. hv1 is linked to the last one. */
function controllers(...names: string[]) {
  const listeners = new Map<string, (message: ControllerMessage) => void>();
  const holder = names.at(-1);
  const store = {
    hosts: { get: async (id: string) => (id === 'h1' ? { id, name: 'hv1' } : undefined) },
  } as unknown as Store;
  return names.map((name) => {
    const post: ControllerPost = {
      send: (message) => {
        for (const [other, listener] of listeners) if (other !== name) listener(message);
      },
      onMessage: (listener) => void listeners.set(name, listener),
    };
    const shared = { isLinkedElsewhere: (id: string) => id === 'h1' && name !== holder };
    const elsewhere = requestsElsewhere({ post, shared, store, ownUrl: () => `https://${name}` });
    const links = new HostLinks({ clock, monotonic: clock, hostTimeoutMs: 1, elsewhere });
    takeRequests(post, links);
    return links;
  });
}

test('a console of a host that is linked elsewhere is requested through its controller', async () => {
  const [asking, other, holder] = controllers('a', 'b', 'c');
  const sent: ConsoleRequest[] = [];
  holder?.consoles.linked('h1', { name: 'hv1', send: (request) => sent.push(request) });
  const found = asking?.consoles.find(guest);
  await expect.poll(() => sent).toMatchObject([{ act: 'find', guestId: 'g', at: 'https://a' }]);
  const id = sent[0]?.id ?? '';
  // Of another host it is no answer.
  holder?.consoles.answer('hv2', { id, place: { port: 22 } });
  holder?.consoles.answer('hv1', { id, place: { port: 5900 } });
  expect(await found).toEqual({ port: 5900 });

  const opened = asking?.consoles.open(guest);
  await expect.poll(() => sent.length).toBe(2);
  const request = sent[1]?.id ?? '';
  expect([other, asking].map((one) => one?.consoles.expects('hv1', request))).toEqual([
    false,
    true,
  ]);
  const [stream] = duplexPair();
  asking?.consoles.take('hv1', request, stream);
  expect(await opened).toBe(stream);
});

test('a problem of a host elsewhere is reported, shortened', async () => {
  const [asking, holder] = controllers('a', 'b');
  const sent: ConsoleRequest[] = [];
  holder?.consoles.linked('h1', { name: 'hv1', send: (request) => sent.push(request) });
  const failed = asking?.consoles.find(guest);
  await expect.poll(() => sent.length).toBe(1);
  const answer = { id: sent[0]?.id ?? '', problem: 'x'.repeat(9_000), isConflict: true };
  holder?.consoles.answer('hv1', answer);
  await expect(failed).rejects.toMatchObject({ kind: 'conflict', message: 'x'.repeat(1_000) });
});

test('a host that is linked nowhere has no console', async () => {
  const [asking] = controllers('a', 'b');
  await expect(asking?.consoles.find({ ...guest, hostId: 'h2' })).rejects.toMatchObject({
    kind: 'unavailable',
  });
});

test('an image is requested of a host that is linked elsewhere, which may fetch it there', () => {
  const [asking, other, holder] = controllers('a', 'b', 'c');
  const sent: string[] = [];
  holder?.imageCaches.linked('h1', (imageId) => sent.push(imageId));
  expect(asking?.imageCaches.request('h1', 'i1')).toBe(true);
  expect(sent).toEqual(['i1']);
  expect([other, holder].map((one) => one?.imageCaches.allows('h1', 'i1'))).toEqual([false, true]);
  expect(asking?.imageCaches.request('h2', 'i1')).toBe(false);
});
