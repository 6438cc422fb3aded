/** What a page reads again and again while somebody can see it. */
import { useEffect, useState } from 'preact/hooks';
import { pause, seen } from '../data/pause.ts';
import { checkSession } from '../data/session.ts';

export interface Polled<Value> {
  /** The newest answer, also while a later one is refused. */
  value?: Value;
  /** Why the newest answer is missing; '' where it is not. */
  refusal: string;
}

interface Reading<Value> {
  /** What is read: another key is read at once. '' for nothing. */
  key: string;
  read: (signal: AbortSignal) => Promise<Value>;
  /** The pause after an answer; absent: it is read once. */
  everyMs?: number;
}

/** A quick change of the key, by typing, is one request. */
const settleMs = 150;

export function usePolled<Value>({ key, read, everyMs }: Reading<Value>): Polled<Value> {
  const [state, setState] = useState<Polled<Value>>({ refusal: '' });
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    const follow = async () => {
      if (key === '') return;
      if (state.value !== undefined) await pause(settleMs, signal);
      while (!signal.aborted) {
        try {
          const value = await read(signal);
          if (!signal.aborted) setState({ value, refusal: '' });
        } catch (cause) {
          if (signal.aborted) return;
          setState((before) => ({ ...before, refusal: (cause as Error).message }));
          void checkSession(cause);
        }
        if (everyMs === undefined) return;
        await pause(everyMs, signal);
        await seen(signal);
      }
    };
    void follow();
    return () => ended.abort();
  }, [key]);
  return state;
}
