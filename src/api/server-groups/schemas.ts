/**
 * The body of POST /os-server-groups. 2.15 brought the soft policies; 2.64 made the list of one
 * policy a policy with rules.
 */
import { type GroupPolicy, groupPolicies } from '#core/servers/server-group.ts';
import * as field from '../requests/fields.ts';
import { type JsonSchema, object, wrapped } from '../requests/json-schema.ts';
import type { BodySchema } from '../requests/route.ts';

const onePolicy = (policies: readonly GroupPolicy[]): JsonSchema =>
  wrapped(
    'server_group',
    object(
      {
        name: field.name,
        policies: {
          type: 'array',
          items: { type: 'string', enum: policies },
          minItems: 1,
          maxItems: 1,
        },
      },
      ['name', 'policies'],
    ),
  );

const hardOnly = onePolicy(groupPolicies.filter((policy) => !policy.startsWith('soft-')));
const softToo = onePolicy(groupPolicies);
const withRules = wrapped(
  'server_group',
  object(
    {
      name: field.name,
      policy: { type: 'string', enum: groupPolicies },
      rules: object({ max_server_per_host: field.wholeNumber(1) }),
    },
    ['name', 'policy'],
  ),
);

export const createGroupBody: BodySchema = (version) => {
  if (version >= 64) return withRules;
  return version >= 15 ? softToo : hardOnly;
};

/** The body once checked, in either shape. */
export interface CreateGroupBody {
  server_group:
    | { name: string; policies: [GroupPolicy] }
    | { name: string; policy: GroupPolicy; rules?: { max_server_per_host?: number | string } };
}
