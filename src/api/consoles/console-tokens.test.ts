import { expect, test } from 'vitest';
import { withoutConsoleToken } from './console-tokens.ts';

test.each([
  ['/v2.1/os-console-auth-tokens/secret', '/v2.1/os-console-auth-tokens/…'],
  ['/v2.1/0123/os-console-auth-tokens/secret/', '/v2.1/0123/os-console-auth-tokens/…'],
  ['/v2.1/%6fs-console-auth-tokens/secret', '/v2.1/os-console-auth-tokens/…'],
  ['/v2.1/OS-console-auth-tokens/secret', '/v2.1/OS-console-auth-tokens/…'],
  ['/novella/v1/console%3Ftoken=secret', '/novella/v1/console?token=…'],
  ['/novella/v1/console/token=secret', '/novella/v1/console/token=…'],
  ['/novella/v1/console/viewer.js', '/novella/v1/console/viewer.js'],
  ['/v2.1/servers/%zz', '/v2.1/servers/%zz'],
  ['/v2.1/servers/1', '/v2.1/servers/1'],
])('%s is logged as %s', (path, logged) => {
  expect(withoutConsoleToken(path)).toBe(logged);
});
