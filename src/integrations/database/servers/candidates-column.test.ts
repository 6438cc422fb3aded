import { expect, test } from 'vitest';
import { packCandidates, unpackCandidates } from './candidates-column.ts';

const candidates = [
  { host: 'a', weight: 1.5, weights: { cpu: 0.5, pci: 1 } },
  { host: 'b', weight: 0.25, weights: { cpu: 0, pci: 0.25 } },
];

test('candidates are read as they were written, and name each weight once', () => {
  const text = packCandidates(candidates);
  expect(unpackCandidates(text)).toEqual(candidates);
  expect(text.match(/pci/g)).toHaveLength(1);
  expect(unpackCandidates(packCandidates([]))).toEqual([]);
});

test('candidates that an older version has written are read', () => {
  expect(unpackCandidates(JSON.stringify(candidates))).toEqual(candidates);
});
