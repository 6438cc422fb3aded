/** What a page reads beside the fleet. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { repeater } from './pause.ts';
import { Refusal } from './request.ts';
import { checkSession } from './session.ts';

export interface Read<Reply> {
  /** undefined: not read yet. */
  reply: Reply | undefined;
  /** Why the newest try failed; an older reply stays. */
  refusal: Refusal | undefined;
}

/**
 * Reads at once, and again after `version` has changed: one request at a time, and no more than a
 * fifth of the time, however often it changes. Another `key` is another thing: its page shows
 * nothing of the one before.
 */
export function useReply<Reply>(
  key: string,
  version: unknown,
  read: (signal: AbortSignal) => Promise<Reply>,
): Read<Reply> {
  const [state, setState] = useState<Read<Reply> & { key: string }>();
  const again = useRef<() => void>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    const readOnce = async () => {
      try {
        const reply = await read(stop.signal);
        setState({ key, reply, refusal: undefined });
      } catch (cause) {
        if (stop.signal.aborted) return;
        await checkSession(cause);
        const refusal = cause instanceof Refusal ? cause : new Refusal(0, String(cause));
        setState((now) => ({ key, reply: now?.key === key ? now.reply : undefined, refusal }));
      }
    };
    again.current = repeater(readOnce, stop.signal);
    return () => stop.abort();
    // `read` is another function at each call of the page.
  }, [key]);
  useEffect(() => again.current?.(), [key, version]);
  return state?.key === key ? state : { reply: undefined, refusal: undefined };
}
