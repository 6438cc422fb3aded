/** Events of the network service about a server's port, and which of them matter. */

/**
 * `plugged`: somebody has wired the port, or could not. `changed`: its addresses may be others.
 * `deleted`: it is gone. Source: Neutron's notifier of Nova: `network-vif-plugged`,
 * `network-changed`, `network-vif-deleted`.
 */
export const networkEventKinds = ['plugged', 'changed', 'deleted'] as const;
export type NetworkEventKind = (typeof networkEventKinds)[number];
