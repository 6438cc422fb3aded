/**
 * The request that work is done for: of the log lines, the commands to hosts, and the requests to
 * other services on its behalf.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestIds } from '#core/request-ids.ts';

const current = new AsyncLocalStorage<RequestIds | undefined>();

/** Everything that `act` starts belongs to this request; undefined: to none. */
export function inRequest<Result>(request: RequestIds | undefined, act: () => Result): Result {
  return current.run(request, act);
}

/** undefined: the work belongs to no request. */
export function currentRequest(): RequestIds | undefined {
  return current.getStore();
}

/** What other services get: the id of the client's own request, or else ours. */
export function outgoingRequestId(): string | undefined {
  const request = currentRequest();
  return request?.globalRequestId ?? request?.requestId;
}

/** This id, with that of the client's own request where it is the current one. */
export function idsOfRequest(requestId: string): RequestIds {
  const request = currentRequest();
  return request?.requestId === requestId ? request : { requestId };
}
