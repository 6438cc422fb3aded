/** A stream of this process as the screen to which commands write. */
import type { Screen } from '#cli/terminal/screen.ts';

/** Styled at a terminal, unless disabled by NO_COLOR (https://no-color.org) or TERM=dumb. */
export function screenOn(
  stream: Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean },
  { NO_COLOR, TERM }: NodeJS.ProcessEnv = process.env,
): Screen {
  const isTerminal = stream.isTTY === true;
  const hasStyle = isTerminal && !NO_COLOR && TERM !== 'dumb';
  return { write: (text) => void stream.write(text), isTerminal, hasStyle };
}
