import { expect, test } from 'vitest';
import { listText } from './json-text.ts';

test.each([
  { entries: [], others: {} },
  { entries: [{ id: 1 }], others: {} },
  { entries: [{ id: 1 }, { id: 'ü"' }], others: { servers_links: [{ rel: 'next' }] } },
  { entries: [], others: { none: undefined } },
])('$entries beside $others', ({ entries, others }) => {
  const texts = entries.map((entry) => JSON.stringify(entry));
  const whole = JSON.stringify({ servers: entries, ...others });
  expect(listText('servers', texts, others).text).toBe(whole);
});
