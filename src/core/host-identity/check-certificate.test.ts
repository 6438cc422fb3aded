import { expect, test } from 'vitest';
import { checkCertificate } from './check-certificate.ts';

const validity = { notBefore: 0, notAfter: 900 };
const present = { state: 'present', host: 'hv1', validity, begins: 'A', ends: 'Z' } as const;

test.each([
  { facts: present, now: 100, level: 'ok', found: 'of host hv1, until Z' },
  // The renewal is due at 600.
  { facts: present, now: 740, level: 'ok', found: 'of host hv1, until Z' },
  { facts: present, now: 760, level: 'warn', found: 'of host hv1, only until Z: it should have' },
  { facts: present, now: 901, level: 'fail', found: 'expired at Z' },
  { facts: present, now: -1, level: 'fail', found: 'valid from A on' },
  {
    facts: { ...present, host: 'hv2' },
    now: 100,
    level: 'fail',
    found: 'of host hv2, and this host is named hv1',
  },
  { facts: { state: 'absent', token: true } as const, now: 1, level: 'ok', found: 'none yet' },
  { facts: { state: 'absent', token: false } as const, now: 1, level: 'fail', found: 'none, and' },
  { facts: { state: 'damaged', why: 'broken' } as const, now: 1, level: 'fail', found: 'broken' },
])('$found is $level', ({ facts, now, level, found }) => {
  const check = checkCertificate('hv1', facts, now);
  expect(check).toMatchObject({ level, found: expect.stringContaining(found), blocks: 'none' });
  expect(check.fix === null).toBe(level === 'ok');
});
