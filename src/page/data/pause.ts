/** What a page waits for, until its signal aborts. A signal outlives many of these. */

/** This many milliseconds. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return wait(signal, (end) => {
    const timer = setTimeout(end, ms);
    return () => clearTimeout(timer);
  });
}

/** Until the page can be seen. */
export function seen(signal: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible') return Promise.resolve();
  return wait(signal, (end) => {
    document.addEventListener('visibilitychange', end);
    return () => document.removeEventListener('visibilitychange', end);
  });
}

/** `begin` returns what is done at the end. */
function wait(signal: AbortSignal, begin: (end: () => void) => () => void): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clear();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const clear = begin(end);
    signal.addEventListener('abort', end);
  });
}
