/** The section `quotas` of `novella.yaml`. */
import { Type } from 'typebox';
import {
  noLimits,
  type QuotaLimits,
  type QuotaName,
  quotaNames,
  type Quotas,
  standardLimits,
} from '#core/quotas/limits.ts';
import { key } from './described-key.ts';

const Limit = Type.Integer({ minimum: -1 });

const meanings: Record<QuotaName, string> = {
  instances: 'servers',
  cores: 'virtual processors of all servers',
  ram: 'memory of all servers',
  metadata_items: 'metadata keys of one server',
  key_pairs: 'key pairs of one user',
  server_groups: 'server groups',
  server_group_members: 'servers in one group',
  networks: 'networks (this and all below: embedded services only)',
  subnets: 'subnets',
  ports: 'ports',
  security_groups: 'security groups',
  security_group_rules: 'rules of all security groups',
  images: 'images, with and without bytes',
  image_size: 'size of one image',
  image_storage: 'size of all images of the project, including uploads in progress',
};

const inMib: readonly QuotaName[] = ['ram', 'image_size', 'image_storage'];

const Limits = Type.Object(
  Object.fromEntries(
    quotaNames.map((name) => [
      name,
      key(Limit, meanings[name], {
        default: standardLimits[name],
        ...(inMib.includes(name) && { unit: 'MiB' }),
      }),
    ]),
  ),
  { additionalProperties: false },
);

export const QuotaSection = Type.Object(
  {
    default: Type.Optional(Limits),
    projects: key(
      Type.Record(Type.String(), Limits),
      "exceptions: the same keys below a project's id or name; an id wins over a name",
      { default: {} },
    ),
    servers_per_request: key(
      Type.Integer({ minimum: 1, maximum: 1000 }),
      "most servers in one `POST /servers`, whatever the project's quota",
      { default: 100 },
    ),
  },
  { additionalProperties: false },
);

/** Ten a second. */
const standardCreations = 600;
const PerMinute = Type.Integer({ minimum: 0, maximum: 1_000_000 });

export const RateSection = Type.Object(
  {
    creations: key(
      PerMinute,
      'what the members of one project may create each minute: a `POST` is one, a `POST /servers` ' +
        'each of its servers; more is answered 429; 0: no limit',
      { default: standardCreations },
    ),
    projects: key(
      Type.Record(Type.String(), PerMinute),
      "exceptions, by a project's id or name; an id wins over a name",
      { default: {} },
    ),
  },
  { additionalProperties: false },
);

/** `projects`: exceptions, by id or name. */
export interface CreationRates {
  perMinute: number;
  projects: ReadonlyMap<string, number>;
}

export function toCreationRates(
  section: Type.Static<typeof RateSection> | undefined,
): CreationRates {
  const { creations = standardCreations, projects = {} } = section ?? {};
  return { perMinute: creations, projects: new Map(Object.entries(projects)) };
}

/** What a project may create each minute; 0: no limit. */
export function creationsOf(
  { perMinute, projects }: CreationRates,
  { id, name }: { id: string; name: string },
): number {
  return projects.get(id) ?? projects.get(name) ?? perMinute;
}

/** `serversPerRequest`: of one `POST /servers`, whatever the project's quota. */
export interface QuotaConfig extends Quotas {
  serversPerRequest: number;
}

/**
 * The section's values, over Nova's and Neutron's defaults. `ownIdentity`: then the project `admin`
 * belongs to the operator of this cloud, and has only the limits given in the section.
 */
export function toQuotaConfig(
  section: Type.Static<typeof QuotaSection> | undefined,
  { ownIdentity }: { ownIdentity: boolean },
): QuotaConfig {
  const projects = new Map<string, Partial<QuotaLimits>>(Object.entries(section?.projects ?? {}));
  if (ownIdentity) projects.set('admin', { ...noLimits, ...projects.get('admin') });
  return {
    default: { ...standardLimits, ...section?.default },
    projects,
    serversPerRequest: section?.servers_per_request ?? 100,
  };
}
