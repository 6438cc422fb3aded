/** The section `quotas` of `novella.yaml`. */
import { Type } from 'typebox';
import {
  noLimits,
  type QuotaLimits,
  quotaNames,
  type Quotas,
  standardLimits,
} from '#core/quotas/limits.ts';

const Limit = Type.Integer({ minimum: -1 });

const Limits = Type.Partial(
  Type.Object(Object.fromEntries(quotaNames.map((name) => [name, Limit])), {
    additionalProperties: false,
  }),
  { additionalProperties: false },
);

export const QuotaSection = Type.Object(
  {
    default: Type.Optional(Limits),
    projects: Type.Optional(Type.Record(Type.String(), Limits)),
    servers_per_request: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  { additionalProperties: false },
);

/** `serversPerRequest`: of one `POST /servers`, whatever the project may have. */
export interface QuotaConfig extends Quotas {
  serversPerRequest: number;
}

/**
 * What the section says, over Nova's and Neutron's defaults. `ownIdentity`: then the project
 * `admin` is that of who runs this cloud, and has no limits but those that the section gives it.
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
