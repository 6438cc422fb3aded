/** A stream of this process as the screen that commands write on. */
import type { Screen } from '#cli/screen.ts';

export function screenOn(stream: NodeJS.WriteStream): Screen {
  return { write: (text) => void stream.write(text), isTerminal: stream.isTTY };
}
