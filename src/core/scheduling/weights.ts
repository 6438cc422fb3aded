/** How much each weigher counts. */

/**
 * The names are those of the configuration's `scheduler.weights`, of `novella explain`, and of
 * Nova's `…_weight_multiplier`.
 */
export const weigherNames = [
  'cpu',
  'ram',
  'disk',
  'pci',
  'soft_affinity',
  'soft_anti_affinity',
] as const;

export type WeigherName = (typeof weigherNames)[number];

/**
 * A factor for each weigher: 0 switches it off, a negative one reverses its preference. Example:
 * `{cpu: 1, ram: -1, …}`.
 */
export type Weights = Readonly<Record<WeigherName, number>>;

/** Source: Nova's defaults of the same names, all 1. */
export const standardWeights: Weights = {
  cpu: 1,
  ram: 1,
  disk: 1,
  pci: 1,
  soft_affinity: 1,
  soft_anti_affinity: 1,
};
