import { expect, test } from 'vitest';
import { hostnameOf } from './hostname.ts';

const cases = [
  { name: 'blanks and underscores become dashes', given: 'My Server_1', gives: 'my-server-1' },
  { name: 'characters that a host name cannot have are dropped', given: 'web(1)!', gives: 'web1' },
  { name: 'leading and trailing dots and dashes are dropped', given: '-.web.-', gives: 'web' },
  { name: 'a long name is cut', given: 'a'.repeat(70), gives: 'a'.repeat(63) },
  { name: 'a cut never ends in a dash', given: `${'a'.repeat(62)}-b`, gives: 'a'.repeat(62) },
  { name: 'an empty result gives the fallback', given: '日本', gives: 'server-5f' },
];

for (const { name, given, gives } of cases) {
  test(`host names: ${name}`, () => expect(hostnameOf(given, 'server-5f')).toBe(gives));
}
