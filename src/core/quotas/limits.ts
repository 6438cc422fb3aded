/**
 * How much a project may have. Pure data: reading the configuration and counting usage are
 * elsewhere.
 */

export const quotaNames = [
  'instances',
  'cores',
  'ram',
  'metadata_items',
  'key_pairs',
  'server_groups',
  'server_group_members',
  'networks',
  'subnets',
  'ports',
  'security_groups',
  'security_group_rules',
  'images',
  'image_size',
  'image_storage',
] as const;

/** The names in the configuration; those of Nova and Neutron are spelled as there. */
export type QuotaName = (typeof quotaNames)[number];

/**
 * One number for each name. `ram`, `image_size` (of one image) and `image_storage` (of all) are in
 * MiB, the others are counts.
 */
export type QuotaLimits = Readonly<Record<QuotaName, number>>;

/** The value of a limit that means no limit. Source: Nova and Neutron quotas. */
export const unlimited = -1;

/**
 * The limits of a project without configuration. Source: defaults of Nova `[quota]` and Neutron
 * `[QUOTAS]`; those of images are Novella's.
 */
export const standardLimits: QuotaLimits = {
  instances: 10,
  cores: 20,
  ram: 51_200,
  metadata_items: 128,
  key_pairs: 100,
  server_groups: 10,
  server_group_members: 10,
  networks: 100,
  subnets: 100,
  ports: 500,
  security_groups: 10,
  security_group_rules: 100,
  images: 100,
  image_size: 65_536,
  image_storage: 262_144,
};

/** For those who run the cloud. */
export const noLimits = Object.fromEntries(
  quotaNames.map((name) => [name, unlimited]),
) as QuotaLimits;

/** What was configured. `projects`: exceptions by a project's name or id. */
export interface Quotas {
  default: QuotaLimits;
  projects: ReadonlyMap<string, Partial<QuotaLimits>>;
}

/**
 * What was configured for a project. `exceptions` are its own, and take precedence over `standard`
 * and over what administrators set for all projects.
 */
export interface ConfiguredQuotas {
  standard: QuotaLimits;
  exceptions: Partial<QuotaLimits>;
}

/**
 * Of all that was configured, what counts for a project. The entry for its id takes precedence over
 * that for its name; `name` undefined: unknown.
 */
export function configuredFor(
  { default: standard, projects }: Quotas,
  { id, name }: { id: string; name: string | undefined },
): ConfiguredQuotas {
  return { standard, exceptions: { ...projects.get(name ?? id), ...projects.get(id) } };
}

/**
 * The configured limits of a project. Example: `limitsOf(quotas, { id: '6f…', name: 'demo'
 * }).instances` → 10.
 */
export function limitsOf(
  quotas: Quotas,
  project: { id: string; name: string | undefined },
): QuotaLimits {
  const { standard, exceptions } = configuredFor(quotas, project);
  return { ...standard, ...exceptions };
}
