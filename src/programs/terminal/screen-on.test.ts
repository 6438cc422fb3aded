import { expect, test } from 'vitest';
import { screenOn } from './screen-on.ts';

const stream = { write: () => true };

test.each([
  ['a pipe', {}, {}, false],
  ['a terminal', { isTTY: true }, { TERM: 'xterm' }, true],
  ['a terminal whose user disabled colours', { isTTY: true }, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR, which is ignored', { isTTY: true }, { NO_COLOR: '' }, true],
  ['a terminal without styles', { isTTY: true }, { TERM: 'dumb' }, false],
])('styles on %s', (_where, kind, variables, hasStyle) => {
  const screen = screenOn({ ...stream, ...kind }, variables);
  expect(screen).toMatchObject({ hasStyle, isTerminal: 'isTTY' in kind });
});
