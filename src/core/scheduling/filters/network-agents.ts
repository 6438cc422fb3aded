/**
 * Refuses a host where no agent of the network service could bind a port of the server. Nova finds
 * out from the failed binding.
 */
import { bindingRefusal } from '../../networking/binding/binding-need.ts';
import type { Filter } from '../filter.ts';

export const networkAgents: Filter = {
  name: 'network',
  isIdle: ({ binding = null }) => binding === null,
  check({ name }, { binding = null }) {
    if (binding === null) return [];
    const reasons = binding.needs.flatMap(
      (need) => bindingRefusal(need, name, binding.agents) ?? [],
    );
    return [...new Map(reasons.map((reason) => [reason.message, reason])).values()];
  },
};
