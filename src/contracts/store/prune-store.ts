/** Deletes what ended long ago, a few rows at a time, so that no request waits for it. */

export interface PruneStore {
  /**
   * One transaction that deletes at most `limit` rows of the history of servers deleted before this
   * time (epoch milliseconds): ended commands and tasks, decisions, actions and their events. The
   * server itself stays. Nothing is deleted while a workflow runs for the server, or while its host
   * has a command of it to execute. Returns whether rows may be left.
   */
  history(before: number, limit: number): Promise<boolean>;
  /**
   * The same for servers without a history: the server, its NICs and PCI requests. One whose
   * devices are still held stays.
   */
  servers(before: number, limit: number): Promise<boolean>;
  /** The same for the history of devices before this time. */
  deviceEvents(before: number, limit: number): Promise<boolean>;
}
