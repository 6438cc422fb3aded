import { expect, test } from 'vitest';
import { originOf } from './origin.ts';

const request = (host: string | undefined, localAddress = '192.0.2.1') =>
  ({
    protocol: 'http',
    headers: { ...(host !== undefined && { host }), 'x-forwarded-proto': 'https' },
    raw: { socket: { localAddress, localPort: 8774 } },
  }) as never;

test.each(['cloud.example', 'cloud.example:8774', 'h_1', '127.0.0.1:1', '[::1]:8774'])(
  'links follow the Host header %s',
  (host) => {
    expect(originOf(request(host))).toBe(`http://${host}`);
  },
);

test.each([
  undefined,
  '',
  'evil.example"><x>',
  'a b',
  'a/b',
  'user@host',
  'host:99999999',
  'a:99999',
  '1.2.3.999:80',
  '[::::]:8',
  '[::1',
  'ä',
  '-a',
  'x'.repeat(300),
])('links name the local address where the Host header is %j', (host) => {
  expect(originOf(request(host))).toBe('http://192.0.2.1:8774');
  expect(originOf(request(host, '::1'))).toBe('http://[::1]:8774');
});

test('links begin with the public URL where there is one', () => {
  expect(originOf(request('other:1'), 'https://cloud.example')).toBe('https://cloud.example');
});
