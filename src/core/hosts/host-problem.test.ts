import { expect, test } from 'vitest';
import { aRequest } from '#test/hosts/pci-cards.ts';
import { blockingProblems, type HostProblem } from './host-problem.ts';

const problem = (blocks: HostProblem['blocks']): HostProblem => ({
  code: blocks,
  message: blocks,
  blocks,
});
const all = [problem('all'), problem('passthrough'), problem('none')];
const whole = aRequest('r1');
const tapped = { ...aRequest('r2'), needsInterface: true };

test.each([
  { name: 'without devices', requests: [], blocked: ['all'] },
  { name: 'with a tap over a VF', requests: [tapped], blocked: ['all'] },
  { name: 'with a VF of its own', requests: [whole], blocked: ['all', 'passthrough'] },
  { name: 'with both', requests: [tapped, whole], blocked: ['all', 'passthrough'] },
])('a server $name is refused by $blocked', ({ requests, blocked }) => {
  expect(blockingProblems(all, requests).map(({ code }) => code)).toEqual(blocked);
});
