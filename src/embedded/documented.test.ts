/** docs/embedded-services.md names what each service does not offer. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keystoneNotOffered } from './identity/routes.ts';
import { glanceNotOffered } from './image/routes.ts';
import { unsupportedKeys } from './network/requests/unsupported-keys.ts';
import { neutronNotOffered } from './network/routes.ts';

const page = readFileSync(new URL('../../docs/embedded-services.md', import.meta.url), 'utf8');

/**
 * The entries of the list in this section whose paragraph has `start`, in the order of the page.
 */
function listed(section: string, start: string): string[] {
  const text = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  const paragraph = text.split('\n\n').find((each) => each.replaceAll('\n', ' ').includes(start));
  const list = paragraph?.replaceAll('\n', ' ').split(' (501): ')[1] ?? '';
  return list.trim().replace(/\.$/, '').replaceAll('`', '').split(', ');
}

test.each([
  { section: 'Identity', lacks: keystoneNotOffered },
  { section: 'Network', lacks: neutronNotOffered },
  { section: 'Image', lacks: glanceNotOffered },
])('the page lists what the service of section $section does not offer', ({ section, lacks }) => {
  const expected = [...new Set(Object.values(lacks))].join(', ').split(', ');
  expect(listed(section, 'Not offered').toSorted()).toEqual(expected.toSorted());
});

test('the page lists the keys that are refused', () => {
  expect(listed('Network', 'unless they are empty').toSorted()).toEqual(
    Object.keys(unsupportedKeys).toSorted(),
  );
});
