/** Time and ids, so that workflows can be told what time it is. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** A fresh unique id (UUID text). */
export type NewId = () => string;
