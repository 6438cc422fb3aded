/** Events of the network service about a server's port, and which of them matter. */

/**
 * `plugged`: the port was wired, or wiring failed. `changed`: its addresses may differ. `deleted`:
 * it no longer exists. Source: Neutron's notifier of Nova: `network-vif-plugged`,
 * `network-changed`, `network-vif-deleted`.
 */
export const networkEventKinds = ['plugged', 'changed', 'deleted'] as const;
export type NetworkEventKind = (typeof networkEventKinds)[number];
