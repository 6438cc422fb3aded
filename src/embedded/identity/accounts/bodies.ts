/** The bodies that create and change accounts. Source: Keystone's `schema.py` of each kind. */
import { type Static, type TSchema, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import { checkedBody } from '../../request-body.ts';
import { longestPassword } from '../sign-in/sign-in.ts';
import { defaultDomain } from '../domain.ts';

const closed = { additionalProperties: false };
const nameOf = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' });
const text = Type.Union([Type.String({ maxLength: 65_535 }), Type.Null()]);
const idOrNull = Type.Union([Type.String({ maxLength: 64 }), Type.Null()]);
/** What clients send and nothing here has: only as empty as they send it. */
const noOptions = Type.Object({}, closed);
const common = { description: Type.Optional(text), options: Type.Optional(noOptions) };
const domainId = Type.Optional(idOrNull);

/** Only the domain Default: another is refused by `refuseOtherDomain`. */
const project = {
  ...common,
  name: nameOf(64),
  domain_id: domainId,
  parent_id: domainId,
  enabled: Type.Optional(Type.Boolean()),
  is_domain: Type.Optional(Type.Literal(false)),
  tags: Type.Optional(Type.Array(Type.String(), { maxItems: 0 })),
};
const user = {
  ...common,
  name: nameOf(255),
  domain_id: domainId,
  enabled: Type.Optional(Type.Boolean()),
  password: Type.Optional(
    Type.Union([Type.String({ minLength: 1, maxLength: longestPassword }), Type.Null()]),
  ),
  default_project_id: Type.Optional(idOrNull),
  email: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
};
const role = { ...common, name: nameOf(255), domain_id: domainId };
const passwords = {
  original_password: Type.String({ maxLength: longestPassword }),
  password: Type.String({ minLength: 1, maxLength: longestPassword }),
};

function around<Fields extends Record<string, TSchema>>(key: string, fields: Fields) {
  const inner = Type.Object(fields, closed);
  const { schema, read } = checkedBody(Type.Object({ [key]: inner }, closed));
  type Inner = Static<typeof inner>;
  return { schema, read: (body: unknown) => (read(body) as Record<string, Inner>)[key] as Inner };
}

function changing<Fields extends Record<string, TSchema>>(key: string, fields: Fields) {
  const inner = Type.Partial(Type.Object(fields, closed), closed);
  const { schema, read } = checkedBody(Type.Object({ [key]: inner }, closed));
  type Inner = Static<typeof inner>;
  return { schema, read: (body: unknown) => (read(body) as Record<string, Inner>)[key] as Inner };
}

export const newProject = around('project', project);
export const projectChange = changing('project', project);
export const newUser = around('user', user);
export const userChange = changing('user', user);
export const newRole = around('role', role);
export const roleChange = changing('role', role);
export const passwordChange = around('user', passwords);

/** Throws `notFound` for a domain other than Default, as Keystone does for an unknown one. */
export function refuseOtherDomain(id: string | null | undefined): void {
  if (id === undefined || id === null || id === defaultDomain.id) return;
  throw new ComputeError('notFound', `Could not find domain: ${id}.`);
}
