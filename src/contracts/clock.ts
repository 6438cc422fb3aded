/** Time and ids, so that workflows get them from outside. */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** A fresh unique id (UUID text). */
export type NewId = () => string;
