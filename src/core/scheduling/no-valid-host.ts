/** The message for the user when no host is left: per host the filter and what was missing. */
import type { Rejection } from './decision.ts';
import { availabilityZone } from './filters/availability-zone.ts';
import { forcedHost } from './filters/forced-host.ts';
import { sameHost } from './filters/host-hints.ts';

/** Groups of hosts that are listed; the others are only counted. */
const groupsShown = 8;
const hostsShown = 3;

/**
 * Filters for the user's choice: hosts outside it are mentioned only when there is nothing else.
 */
const choiceFilters = new Set([forcedHost.name, availabilityZone.name, sameHost.name]);

/**
 * Example: `No valid host was found. host-1: pci: physnet2: 0 of 1 VF free; host-2: alive: its
 * agent does not report`. Hosts refused for the same reason share one part: `host-1, host-2, host-3
 * and 97 more: pci: …`. Source: Nova `NoValidHost`, which gives no reasons.
 */
export function noValidHostMessage(rejections: readonly Rejection[]): string {
  const start = 'No valid host was found.';
  if (rejections.length === 0) return `${start} There is no host.`;
  const informative = rejections.filter(({ filter }) => !choiceFilters.has(filter));
  const shown = informative.length > 0 ? informative : rejections;
  const groups = [...Map.groupBy(shown, why)].map(([reason, group]) => ({ reason, group }));
  const parts = groups
    .slice(0, groupsShown)
    .map(({ reason, group }) => `${hostNames(group)}: ${reason}`);
  const left = groups.slice(groupsShown).reduce((sum, { group }) => sum + group.length, 0);
  const more =
    left === 0 ? [] : [`${left} more ${left === 1 ? 'host' : 'hosts'} for other reasons`];
  return `${start} ${[...parts, ...more].join('; ')}`;
}

function why({ filter, reasons }: Rejection): string {
  return `${filter}: ${reasons.map((reason) => reason.message).join(', ')}`;
}

function hostNames(group: readonly Rejection[]): string {
  const names = group.map(({ host }) => host);
  if (names.length <= hostsShown) return names.join(', ');
  return `${names.slice(0, hostsShown).join(', ')} and ${names.length - hostsShown} more`;
}
