/**
 * A server group: servers of one project that are to share a host, or not to. Independent of where
 * they run.
 */

export const groupPolicies = [
  'affinity',
  'anti-affinity',
  'soft-affinity',
  'soft-anti-affinity',
] as const;

/**
 * The soft ones are preferences: a host that breaks them is taken last. Source: Nova server groups,
 * microversion 2.15.
 */
export type GroupPolicy = (typeof groupPolicies)[number];

export interface ServerGroup {
  id: string;
  name: string;
  projectId: string;
  userId: string;
  policy: GroupPolicy;
  /**
   * Of anti-affinity only; null when not specified: one. Source: Nova `max_server_per_host`,
   * microversion 2.64.
   */
  maxServersPerHost: number | null;
  /** Ids of its live servers, in the order they joined. */
  members: string[];
  /**
   * Counts placements of its servers; a choice of host is valid only while the value read equals
   * the row's.
   */
  generation: number;
}
