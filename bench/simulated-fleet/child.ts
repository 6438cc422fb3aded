/** A module of this folder as a process of its own: it answers requests, and ends with its parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { errorText } from '#core/errors.ts';

export interface Child {
  pid: number;
  /** Sends this request; its result. Throws what the child threw, or that it has ended. */
  request<Result>(request: unknown): Promise<Result>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

interface Answer {
  id: number;
  result?: unknown;
  problem?: string;
}

/** `file`: in this folder. Example: `agents-process.ts`. */
export function startChild(file: string): Child {
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, { execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', ({ id, result, problem }: Answer) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (problem === undefined) one?.resolve(result);
    else one?.reject(new Error(problem));
  });
  const ended = endOf(child).then(() => {
    for (const one of waiting.values()) one.reject(new Error(`${file} has ended`));
    waiting.clear();
  });
  let requests = 0;
  return {
    pid: child.pid ?? -1,
    request<Result>(request: unknown) {
      const one = Promise.withResolvers<unknown>();
      waiting.set((requests += 1), one);
      child.send({ id: requests, request }, (error) => error && one.reject(error));
      return one.promise as Promise<Result>;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

/** In the child: answers each request with the result of `act`. */
export function answerParent(act: (request: never) => Promise<unknown>): void {
  process.on('message', ({ id, request }: { id: number; request: unknown }) => {
    const answer = (of: Omit<Answer, 'id'>): void => void process.send?.({ id, ...of });
    act(request as never).then(
      (result) => answer({ result }),
      (error: unknown) => answer({ problem: errorText(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  // Of a terminal, for the whole group: the parent ends this process in its turn.
  process.on('SIGINT', () => {});
}
