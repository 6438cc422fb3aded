/** Time and ids, injected into workflows. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** A fresh unique id (UUID text). */
export type NewId = () => string;
