/** The request that is being answered, for requests to other services on its behalf. */
import { AsyncLocalStorage } from 'node:async_hooks';

const requestIds = new AsyncLocalStorage<string>();

/** Everything that `act` starts belongs to this request. */
export function answering(requestId: string, act: () => void): void {
  requestIds.run(requestId, act);
}

/** Its id; undefined outside of requests, as in a workflow's steps. Example: `req-5f…`. */
export function currentRequestId(): string | undefined {
  return requestIds.getStore();
}
