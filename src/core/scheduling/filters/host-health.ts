/**
 * Refuses a host whose agent reports a problem that matters to this server. Nova's nearest is
 * disabling a host by hand.
 */
import { blockingProblems } from '../../hosts/host-problem.ts';
import type { Filter } from '../filter.ts';

export const hostHealth: Filter = {
  name: 'health',
  passes: ({ problems = [] }, { pciRequests }) =>
    problems.length === 0 || blockingProblems(problems, pciRequests).length === 0,
  check(host, { pciRequests }) {
    return blockingProblems(host.problems ?? [], pciRequests).map(({ code, message }) => ({
      code,
      message,
    }));
  },
};
