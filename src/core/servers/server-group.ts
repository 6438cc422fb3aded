/**
 * A server group: servers of one project that are to share a host, or not to. Who is where is not
 * known here.
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
   * Of anti-affinity only; null when the user did not say: one. Source: Nova `max_server_per_host`,
   * microversion 2.64.
   */
  maxServersPerHost: number | null;
  /** Ids of its live servers, in the order they joined. */
  members: string[];
  /**
   * Counts placements of its servers; a choice of host made from what was read holds only while it
   * still is the row's.
   */
  generation: number;
}
