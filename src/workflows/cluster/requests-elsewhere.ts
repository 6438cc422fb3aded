/** Requests to hosts that are linked to another controller: it passes them on. */
import type { ControllerPost } from '#contracts/controller-post.ts';
import type { ConsoleAnswer, ConsoleRequest } from '#contracts/host/host-link.ts';
import type { Store } from '#contracts/store/store.ts';
import type { HostLinks, RequestsElsewhere } from '../hosts/host-links.ts';
import type { SharedLinks } from '../hosts/shared-links.ts';

export interface RequestsElsewhereParts {
  post: ControllerPost;
  shared: Pick<SharedLinks, 'isLinkedElsewhere'>;
  store: Store;
  /** Where hosts connect to this controller; undefined: it does not listen for them yet. */
  ownUrl: () => string | undefined;
}

/** Longer ones do not fit into a message. */
const longestProblem = 1_000;

export function requestsElsewhere({
  post,
  shared,
  store,
  ownUrl,
}: RequestsElsewhereParts): RequestsElsewhere {
  return {
    consoles: {
      async linked(hostId) {
        const at = ownUrl();
        if (at === undefined || !shared.isLinkedElsewhere(hostId)) return undefined;
        const host = await store.hosts.get(hostId);
        if (host === undefined) return undefined;
        const send = (request: ConsoleRequest): void =>
          post.send({ type: 'console', hostId, request: { ...request, at } });
        return { name: host.name, send };
      },
      answer: (host, answer) =>
        post.send({ type: 'console-answer', host, answer: shortened(answer) }),
    },
    cacheImage(hostId, imageId) {
      const isElsewhere = shared.isLinkedElsewhere(hostId);
      if (isElsewhere) post.send({ type: 'cache-image', hostId, imageId });
      return isElsewhere;
    },
  };
}

/** Passes on what other controllers request of the hosts that are linked here. */
export function takeRequests(
  post: ControllerPost,
  { consoles, imageCaches }: Pick<HostLinks, 'consoles' | 'imageCaches'>,
): void {
  post.onMessage((message) => {
    switch (message.type) {
      case 'console':
        return consoles.passOn(message.hostId, message.request);
      case 'console-answer':
        return consoles.answer(message.host, message.answer);
      case 'cache-image':
        return void imageCaches.passOn(message.hostId, message.imageId);
    }
  });
}

function shortened(answer: ConsoleAnswer): ConsoleAnswer {
  if ('place' in answer) return answer;
  return { ...answer, problem: answer.problem.slice(0, longestProblem) };
}
