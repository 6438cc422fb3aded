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
  { requested: 'gpu:1', gives: [1] },
  { requested: 'gpu:12', gives: [12] },
  { requested: ' gpu : 3 ,gpu:1', gives: [3, 1] },
];

for (const { requested, gives } of counts) {
  test(`"${requested}" requests ${gives.join(' and ')}`, () => {
    const requests = requestsOf({ 'pci_passthrough:alias': requested });
    expect(requests.map(({ count }) => count)).toEqual(gives);
  });
}

describe('the NUMA policy', () => {
  const requested = { 'pci_passthrough:alias': 'gpu:1' };
  const ofFlavor = { ...requested, 'hw:pci_numa_affinity_policy': 'required' };

  test('is the flavor’s, else the image’s, else the alias’s', () => {
    expect(requestsOf(ofFlavor, 'preferred')[0]?.numaPolicy).toBe('required');
    expect(requestsOf(requested, 'preferred')[0]?.numaPolicy).toBe('preferred');
    expect(requestsOf(requested)[0]?.numaPolicy).toBe('socket');
  });
});

const refused = [
  {
    requested: { 'pci_passthrough:alias': 'gpu:1,gpu:0' },
    detail: 'bad_alias_count',
    message: '"gpu:0": COUNT must be 1 to 256',
  },
  {
    requested: { 'pci_passthrough:alias': 'gpu:99999999999999999999' },
    detail: 'bad_alias_count',
    message: 'COUNT must be 1 to 256',
  },
  {
    requested: { 'pci_passthrough:alias': '' },
    detail: 'bad_alias_syntax',
    message: '"" must be NAME:COUNT',
  },
  {
    requested: { 'pci_passthrough:alias': 'gpu:1,' },
    detail: 'bad_alias_syntax',
    message: '"" must be NAME:COUNT',
  },
  {
    requested: { 'pci_passthrough:alias': 'gpu' },
    detail: 'bad_alias_syntax',
    message: '"gpu": "gpu" must be NAME:COUNT',
  },
  {
    requested: { 'pci_passthrough:alias': 'gpu:x' },
    detail: 'bad_alias_syntax',
    message: '"gpu:x" must be NAME:COUNT',
  },
  {
    requested: { 'pci_passthrough:alias': 'a:gpu:1' },
    detail: 'bad_alias_syntax',
    message: 'must be NAME:COUNT',
  },
  {
    requested: { 'pci_passthrough:alias': 'gpu:1 2' },
    detail: 'bad_alias_syntax',
    message: 'must be NAME:COUNT',
  },
  {
    requested: { 'pci_passthrough:alias': 'qat:1' },
    detail: 'alias_not_defined',
    message: '"qat:1": alias "qat" is not defined',
  },
  {
    requested: { 'pci_passthrough:alias': 'gpu:1', 'hw:pci_numa_affinity_policy': 'near' },
    detail: undefined,
    message:
      'hw:pci_numa_affinity_policy "near": must be one of required, socket, preferred, legacy',
  },
];

for (const { requested, detail, message } of refused) {
  test(`refused: ${message}`, () => {
    let error: unknown;
    try {
      requestsOf(requested);
    } catch (thrown) {
      error = thrown;
    }
    expect(isComputeError(error, 'invalid')).toBe(true);
    expect(error).toMatchObject({ detail });
    expect(String(error)).toContain(message);
  });
}
