import { expect, test } from 'vitest';
import { withoutConsoleToken } from './console-tokens.ts';

test.each([
  ['/v2.1/os-console-auth-tokens/secret', '/v2.1/os-console-auth-tokens/…'],
  ['/v2.1/0123/os-console-auth-tokens/secret/', '/v2.1/0123/os-console-auth-tokens/…'],
  ['/v2.1/servers/1', '/v2.1/servers/1'],
])('%s is logged as %s', (path, logged) => {
  expect(withoutConsoleToken(path)).toBe(logged);
});
