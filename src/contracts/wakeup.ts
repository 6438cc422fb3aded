/**
 * "There is work": only a hint. The rows are authoritative, and a slow poll finds what a lost
 * wake-up missed.
 */

/**
 * `tasks`: a workflow is due. `commands:HOST`: a command waits for that host. `answered:HOST`: that
 * host has sent an answer. `ended:SERVER`: a workflow of that server has ended. `enrolments`: a
 * host was admitted, or its token revoked. `network-events`: the network service reported a change
 * of ports. `host-links`: a host has linked to a controller, or its link has closed. `renew:NAME`:
 * the host of this name is to replace its certificate.
 */
export type WakeupTopic =
  | 'tasks'
  | 'enrolments'
  | 'network-events'
  | 'host-links'
  | `renew:${string}`
  | `commands:${string}`
  | `answered:${string}`
  | `ended:${string}`;

export interface Wakeup {
  notify(topic: WakeupTopic): void;
  /** Returns the function to stop listening. */
  listen(topic: WakeupTopic, listener: () => void): () => void;
}
