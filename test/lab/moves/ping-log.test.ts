import { expect, test } from 'vitest';
import { summaryOf } from './ping-log.ts';

const answer = (at: string, sequence: number, milliseconds = 5) =>
  `[${at}] 64 bytes from 10.42.0.20: icmp_seq=${sequence} ttl=64 time=${milliseconds} ms`;
const none = (at: string, sequence: number) => `[${at}] no answer yet for icmp_seq=${sequence}`;

test('the outage is the longest time between two answers, and begins with the first of them', () => {
  const log = [
    'PING 10.42.0.20 (10.42.0.20) 56(84) bytes of data.',
    answer('100.100', 1),
    answer('100.200', 2),
    none('100.400', 3),
    none('100.500', 4),
    answer('101.700', 5),
    answer('101.800', 6),
    '',
    '--- 10.42.0.20 ping statistics ---',
  ].join('\n');
  expect(summaryOf(log)).toEqual({ sent: 6, answered: 4, outageMs: 1_500, outageAt: 100_200 });
});

test('an answer that was held up counts when it came', () => {
  const log = [answer('100.1', 1), answer('102.1', 2, 1_900), answer('102.2', 4)].join('\n');
  expect(summaryOf(log)).toMatchObject({ sent: 4, answered: 3, outageMs: 2_000 });
});

test('silence at the begin and at the end counts', () => {
  const early = [none('100.0', 1), none('103.0', 2), answer('103.5', 3)].join('\n');
  expect(summaryOf(early)).toMatchObject({ outageMs: 3_500, outageAt: 100_000 });
  const late = [answer('100.0', 1), answer('100.1', 2), none('104.1', 40)].join('\n');
  expect(summaryOf(late)).toMatchObject({ outageMs: 4_000, outageAt: 100_100 });
});

test('without any answer all of the log is an outage', () => {
  expect(summaryOf([none('100.0', 1), none('130.0', 2)].join('\n'))).toEqual({
    ...{ sent: 2, answered: 0, outageMs: 30_000, outageAt: 100_000 },
  });
});
