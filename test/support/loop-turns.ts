/** Turns of the event loop: what happens in a turn of its own leaves turns for others. */

/** Numbers the turns from now on, until it is stopped. */
export function loopTurns(): { now: () => number; stop: () => void } {
  let turn = 0;
  let isStopped = false;
  const next = (): void => {
    turn += 1;
    if (!isStopped) setImmediate(next);
  };
  setImmediate(next);
  return {
    now: () => turn,
    stop: () => {
      isStopped = true;
    },
  };
}
