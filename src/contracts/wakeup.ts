/** "There is work": a nudge, never the truth. The rows are the truth, and a slow poll finds what a lost nudge missed. */

/** `tasks`: a workflow is due. `commands:HOST`: a command waits for that host. `ended:SERVER`: a workflow of that server has ended. `answered:HOST`: that host has answered something. */
export type WakeupTopic = 'tasks' | `commands:${string}` | `ended:${string}` | `answered:${string}`;

export interface Wakeup {
  notify(topic: WakeupTopic): void;
  /** Returns the way to stop listening. */
  listen(topic: WakeupTopic, listener: () => void): () => void;
}
