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

/** After an act as short as this, in milliseconds. */
const leastPauseMs = 100;
/** A pause in acts as long as the one before it. */
const restPerAct = 4;

/**
 * Each call has `act` done at once, or, where it is being done or was just done, once more after a
 * pause that is four times as long as it took. `act` throws nothing.
 */
export function repeater(act: () => Promise<void>, signal: AbortSignal): () => void {
  let isRunning = false;
  let isWanted = false;
  const run = async () => {
    isRunning = true;
    while (isWanted && !signal.aborted) {
      isWanted = false;
      const startedAt = performance.now();
      await act();
      const tookMs = performance.now() - startedAt;
      await pause(Math.max(leastPauseMs, restPerAct * tookMs), signal);
    }
    isRunning = false;
  };
  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
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
