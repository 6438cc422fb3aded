/**
 * What making one scrypt hash costs: 16 MiB and some 60 ms of a processor, so that guessing from a
 * stolen database is slow. Each hash has its costs beside it, so that they can grow.
 */
export const passwordCost = { N: 16_384, r: 8, p: 1 };
