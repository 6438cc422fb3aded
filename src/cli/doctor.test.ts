import { expect, test } from 'vitest';
import { report } from '#core/hosts/host-check.ts';
import { showChecks } from './doctor.ts';

const good = report('libvirt', 'libvirt').ok('11.3.0 at qemu:///system');
const tight = report('State directory', 'disk').warn('/srv, 2.0 of 9.8 GiB free', 'make room');
const bad = report('IOMMU', 'iommu-off').fail('off', 'add intel_iommu=on', 'passthrough');

function shown(checks: Parameters<typeof showChecks>[0], { hasStyle = false, json = false } = {}) {
  const written: string[] = [];
  const screen = { write: (text: string) => void written.push(text), isTerminal: true, hasStyle };
  const status = showChecks(checks, { json }, screen);
  return { status, text: written.join('') };
}

test('one row per check, the fix below it, and the totals; exit status 1 when one fails', () => {
  expect(shown([good, tight, bad])).toEqual({
    status: 1,
    text: [
      'ok    libvirt          11.3.0 at qemu:///system',
      'warn  State directory  /srv, 2.0 of 9.8 GiB free',
      '                       → make room',
      'fail  IOMMU            off',
      '                       → add intel_iommu=on',
      '',
      '1 ok, 1 warn, 1 fail',
      '',
    ].join('\n'),
  });
});

test('exit status 0 when nothing fails', () => {
  expect(shown([good, tight]).status).toBe(0);
});

test('on a terminal the level has a colour', () => {
  expect(shown([bad], { hasStyle: true }).text).toContain('[31mfail');
});

test('a long row is wrapped within its column', () => {
  const long = report('IOMMU', 'x').fail('word '.repeat(40).trim(), 'fix '.repeat(40).trim());
  const lines = shown([long]).text.split('\n').slice(0, -3);
  expect(lines.length).toBeGreaterThan(4);
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines.slice(1).every((line) => line.startsWith(' '.repeat(13)))).toBe(true);
});

test('--json prints the report for programs', () => {
  const { status, text } = shown([good, bad], { json: true });
  expect(status).toBe(1);
  expect(JSON.parse(text)).toEqual({
    ok: false,
    checks: [
      {
        name: 'libvirt',
        level: 'ok',
        found: '11.3.0 at qemu:///system',
        fix: null,
        code: 'libvirt',
      },
      { name: 'IOMMU', level: 'fail', found: 'off', fix: 'add intel_iommu=on', code: 'iommu-off' },
    ],
  });
});
