import { describe, expect, test } from 'vitest';
import { isComputeError } from '../../errors.ts';
import { requestsForFlavor } from './flavor-request.ts';
import type { NumaPolicy } from './request.ts';

const gpu = { name: 'gpu', numaPolicy: 'socket' as const, spec: [{ vendor_id: '10de' }] };

function requestsOf(extraSpecs: Record<string, string>, affinityPolicy?: NumaPolicy) {
  return requestsForFlavor({
    extraSpecs,
    aliases: [gpu],
    newId: () => 'id',
    ...(affinityPolicy !== undefined && { affinityPolicy }),
  });
}

test('a flavor without the extra spec requests nothing', () => {
  expect(requestsOf({})).toEqual([]);
  expect(requestsOf({ 'hw:pci_numa_affinity_policy': 'no such' })).toEqual([]);
});

const counts = [
  { asked: 'gpu:1', gives: [1] },
  { asked: 'gpu:12', gives: [12] },
  { asked: ' gpu : 3 ,gpu:1', gives: [3, 1] },
];

for (const { asked, gives } of counts) {
  test(`"${asked}" requests ${gives.join(' and ')}`, () => {
    const requests = requestsOf({ 'pci_passthrough:alias': asked });
    expect(requests.map(({ count }) => count)).toEqual(gives);
  });
}

describe('the NUMA policy', () => {
  const asked = { 'pci_passthrough:alias': 'gpu:1' };
  const ofFlavor = { ...asked, 'hw:pci_numa_affinity_policy': 'required' };

  test('is the flavor’s, else the image’s, else the alias’s', () => {
    expect(requestsOf(ofFlavor, 'preferred')[0]?.numaPolicy).toBe('required');
    expect(requestsOf(asked, 'preferred')[0]?.numaPolicy).toBe('preferred');
    expect(requestsOf(asked)[0]?.numaPolicy).toBe('socket');
  });
});

const refused = [
  {
    asked: { 'pci_passthrough:alias': 'gpu:1,gpu:0' },
    detail: 'bad_alias_count',
    message: '"gpu:0": COUNT must be 1 to 256',
  },
  {
    asked: { 'pci_passthrough:alias': 'gpu:99999999999999999999' },
    detail: 'bad_alias_count',
    message: 'COUNT must be 1 to 256',
  },
  {
    asked: { 'pci_passthrough:alias': '' },
    detail: 'bad_alias_syntax',
    message: '"" must be NAME:COUNT',
  },
  {
    asked: { 'pci_passthrough:alias': 'gpu:1,' },
    detail: 'bad_alias_syntax',
    message: '"" must be NAME:COUNT',
  },
  {
    asked: { 'pci_passthrough:alias': 'gpu' },
    detail: 'bad_alias_syntax',
    message: '"gpu": "gpu" must be NAME:COUNT',
  },
  {
    asked: { 'pci_passthrough:alias': 'gpu:x' },
    detail: 'bad_alias_syntax',
    message: '"gpu:x" must be NAME:COUNT',
  },
  {
    asked: { 'pci_passthrough:alias': 'a:gpu:1' },
    detail: 'bad_alias_syntax',
    message: 'must be NAME:COUNT',
  },
  {
    asked: { 'pci_passthrough:alias': 'gpu:1 2' },
    detail: 'bad_alias_syntax',
    message: 'must be NAME:COUNT',
  },
  {
    asked: { 'pci_passthrough:alias': 'qat:1' },
    detail: 'alias_not_defined',
    message: '"qat:1": alias "qat" is not defined',
  },
  {
    asked: { 'pci_passthrough:alias': 'gpu:1', 'hw:pci_numa_affinity_policy': 'near' },
    detail: undefined,
    message:
      'hw:pci_numa_affinity_policy "near": must be one of required, socket, preferred, legacy',
  },
];

for (const { asked, detail, message } of refused) {
  test(`refused: ${message}`, () => {
    let error: unknown;
    try {
      requestsOf(asked);
    } catch (thrown) {
      error = thrown;
    }
    expect(isComputeError(error, 'invalid')).toBe(true);
    expect(error).toMatchObject({ detail });
    expect(String(error)).toContain(message);
  });
}
