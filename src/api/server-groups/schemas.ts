/**
 * The body of POST /os-server-groups. 2.15 brought the soft policies; 2.64 made the list of one
 * policy a policy with rules.
 */
import { type GroupPolicy, groupPolicies } from '#core/servers/server-group.ts';
import { type Static, Type } from 'typebox';
import * as field from '../requests/fields.ts';
import { closed } from '../requests/json-schema.ts';
import type { BodySchema } from '../requests/route.ts';

const onePolicy = (policies: readonly GroupPolicy[]) =>
  closed({
    server_group: closed({
      name: field.name,
      policies: Type.Unsafe<[GroupPolicy]>(
        Type.Array(field.oneOf(policies), { minItems: 1, maxItems: 1 }),
      ),
    }),
  });

const hardOnly = onePolicy(groupPolicies.filter((policy) => !policy.startsWith('soft-')));
const softToo = onePolicy(groupPolicies);
const withRules = closed({
  server_group: closed({
    name: field.name,
    policy: field.oneOf(groupPolicies),
    rules: Type.Optional(closed({ max_server_per_host: Type.Optional(field.wholeNumber(1)) })),
  }),
});

export const createGroupBody: BodySchema<typeof withRules | typeof softToo> = (version) => {
  if (version >= 64) return withRules;
  return version >= 15 ? softToo : hardOnly;
};

/** The body once read, in either shape. */
export type CreateGroupBody = Static<typeof withRules | typeof softToo>;
