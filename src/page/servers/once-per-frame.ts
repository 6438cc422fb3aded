/** Work for each change, at most once for each picture that the browser shows. */
export interface OncePerFrame {
  /** It is due, before the next picture. */
  request: () => void;
  /** It is no longer due. */
  cancel: () => void;
}

/** Example: 100 messages between two pictures call `act` once. */
export function oncePerFrame(act: () => void): OncePerFrame {
  let frame: number | undefined;
  return {
    request() {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        act();
      });
    },
    cancel() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
    },
  };
}
