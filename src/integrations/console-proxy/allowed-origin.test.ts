import { expect, test } from 'vitest';
import { isAllowedOrigin } from './allowed-origin.ts';

const others = ['dashboard.example', 'lab.example:8443'];

test.each([
  ['https://cloud.example:8774', 'cloud.example:8774', true],
  ['http://cloud.example:8774', 'cloud.example:8774', true],
  ['https://cloud.example', 'cloud.example:443', true],
  ['https://CLOUD.example', 'Cloud.Example', true],
  ['http://[::1]:8774', '[::1]:8774', true],
  ['https://cloud.example:8775', 'cloud.example:8774', false],
  ['https://cloud.example.evil.example:8774', 'cloud.example:8774', false],
  ['https://evil.example/cloud.example:8774', 'cloud.example:8774', false],
  ['https://dashboard.example', 'cloud.example:8774', true],
  ['https://dashboard.example:8080', 'cloud.example:8774', false],
  ['https://lab.example:8443', 'cloud.example:8774', true],
  ['null', 'cloud.example:8774', false],
  ['', 'cloud.example:8774', false],
  ['file://', 'cloud.example:8774', false],
  ['https://cloud.example', undefined, false],
])('origin %o of a request to %o: %o', (origin, host, allowed) => {
  expect(isAllowedOrigin(origin, { host, others })).toBe(allowed);
});
