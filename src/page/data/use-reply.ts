/** What a page reads beside the fleet. */
import { useEffect, useState } from 'preact/hooks';
import { Refusal } from './request.ts';
import { checkSession } from './session.ts';

export interface Read<Reply> {
  /** undefined: not read yet. */
  reply: Reply | undefined;
  /** Why the newest try failed; an older reply stays. */
  refusal: Refusal | undefined;
}

/** Changes come in groups: one request is enough for those of this time, in milliseconds. */
const gatherMs = 100;

/**
 * Reads at once, and again when `version` changes. Another `key` is another thing: its page shows
 * nothing of the one before.
 */
export function useReply<Reply>(
  key: string,
  version: unknown,
  read: (signal: AbortSignal) => Promise<Reply>,
): Read<Reply> {
  const [state, setState] = useState<Read<Reply> & { key: string }>();
  const isKnown = state?.key === key;
  useEffect(() => {
    const stop = new AbortController();
    const start = async () => {
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
    const timer = setTimeout(() => void start(), isKnown ? gatherMs : 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
    // `read` is another function at each call of the page.
  }, [key, version]);
  return isKnown ? state : { reply: undefined, refusal: undefined };
}
