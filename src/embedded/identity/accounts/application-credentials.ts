/**
 * /v3/users/{id}/application_credentials: users create their own; administrators read and delete
 * those of others.
 */
import { randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { StoredApplicationCredential, StoredRole } from '#contracts/store/identity-store.ts';
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { queryValue } from '#http/routes/query.ts';
import { checkedBody } from '../../request-body.ts';
import type { Directory } from '../directory.ts';
import { unknownKey } from '../list-query.ts';
import { ConcurrencyLimit } from '#runtime/concurrency-limit.ts';
import { hashPassword } from '../sign-in/password.ts';
import { actorOf } from '../sign-in/tokens.ts';
import { viewTime } from '../views.ts';
import { type Call, found, newHexId, userOf } from './accounts.ts';

const closed = { additionalProperties: false };
const role = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 64 })),
    name: Type.Optional(Type.String({ maxLength: 255 })),
    domain_id: Type.Optional(Type.Null()),
  },
  closed,
);
const credentialBody = Type.Object(
  {
    application_credential: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 255, pattern: '\\S' }),
        description: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
        secret: Type.Optional(
          Type.Union([Type.String({ minLength: 1, maxLength: 4096 }), Type.Null()]),
        ),
        expires_at: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
        roles: Type.Optional(Type.Array(role, { maxItems: 100 })),
        unrestricted: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
        access_rules: Type.Optional(
          Type.Union([Type.Array(Type.Unknown(), { maxItems: 0 }), Type.Null()]),
        ),
      },
      closed,
    ),
  },
  closed,
);
export const newCredential = checkedBody(credentialBody);

/** POST: the secret goes out in this reply only. */
export async function createCredential(
  call: Call<Static<typeof credentialBody>>,
  directory: Directory,
) {
  const { user, project, roles } = ownSession(call);
  refuseRestricted(call);
  const given = call.body.application_credential;
  const secret = given.secret ?? randomBytes(64).toString('base64url');
  const credential: StoredApplicationCredential = {
    id: newHexId(directory),
    name: given.name,
    description: given.description ?? null,
    userId: user.id,
    projectId: project.id,
    secretHash: await hashed(secret),
    roleIds: (given.roles ?? roles).map((named) => rolesOf(named, roles).id),
    expiresAt: expiryOf(given.expires_at ?? null, directory),
    unrestricted: given.unrestricted ?? false,
  };
  await directory.store.addApplicationCredential(credential);
  const view = await viewCredential(call, { credential, directory });
  return { body: { application_credential: { ...view, secret } } };
}

/** GET: a user's, by name. The one filter is `name`. */
export async function listCredentials(call: Call, directory: Directory) {
  const userId = await refuseOthers(call, directory);
  const other = Object.keys(call.query).find((key) => key !== 'name');
  if (other !== undefined) throw unknownKey(other, ['name']);
  const name = queryValue(call.query, 'name');
  const all = await directory.store.applicationCredentials(userId);
  const wanted = all.filter((credential) => name === undefined || credential.name === name);
  const views = await Promise.all(
    wanted.map((credential) => viewCredential(call, { credential, directory })),
  );
  const links = { next: null, self: `${call.origin}${call.request.url}`, previous: null };
  return { body: { application_credentials: views, links } };
}

/** GET of one. */
export async function showCredential(call: Call, directory: Directory) {
  const credential = await credentialOf(call, directory);
  return {
    body: { application_credential: await viewCredential(call, { credential, directory }) },
  };
}

/** DELETE: its tokens end too. */
export async function deleteCredential(call: Call, directory: Directory) {
  const { id } = await credentialOf(call, directory);
  refuseRestricted(call);
  await directory.store.removeApplicationCredential(id);
  directory.tokens.forget();
}

async function credentialOf(call: Call, directory: Directory) {
  const userId = await refuseOthers(call, directory);
  const id = call.params['credential'] ?? '';
  const credential = await directory.store.applicationCredential(id);
  const own = credential?.userId === userId ? credential : undefined;
  return found(own, 'Application Credential', id);
}

/** A hash takes 16 MiB and a twentieth of a second: sign-ins must not wait for many. */
const hashing = new ConcurrencyLimit(1);
const mostWaiting = 20;

function hashed(secret: string): Promise<string> {
  if (hashing.waiting < mostWaiting) return hashing.run(() => hashPassword(secret));
  const message = 'Too many application credentials are being created; try again later.';
  return Promise.reject(new ComputeError('tooManyRequests', message));
}

function ownSession({ caller, params }: Call) {
  if (params['id'] !== caller.user.id) throw forbidden('create it for another user');
  if (caller.project !== undefined) return { ...caller, project: caller.project };
  throw new ComputeError(
    'invalid',
    'The token is not scoped to a project: an application credential is for one.',
  );
}

async function refuseOthers({ caller, params }: Call, directory: Directory): Promise<string> {
  const id = params['id'] ?? '';
  if (id === caller.user.id) return id;
  if (!allows('admin', actorOf(caller))) throw forbidden("use another user's");
  return (await userOf(directory, id)).id;
}

function refuseRestricted({ caller }: Call): void {
  if (caller.credential === undefined || caller.credential.unrestricted) return;
  throw new ComputeError(
    'forbidden',
    "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials.",
  );
}

function forbidden(act: string): ComputeError {
  return new ComputeError('forbidden', `application_credential: you are not authorized to ${act}.`);
}

/** One of the caller's own roles. */
function rolesOf(named: Static<typeof role> | StoredRole, own: StoredRole[]): StoredRole {
  const held = own.find(({ id, name }) =>
    named.id === undefined ? name === named.name : id === named.id,
  );
  if (held !== undefined) return held;
  throw new ComputeError(
    'invalid',
    `Invalid application credential: Could not find role assignment with role: ${named.id ?? named.name ?? ''}: you have no such role on the project.`,
  );
}

function expiryOf(text: string | null, { clock }: Directory): number | null {
  if (text === null) return null;
  // Without a zone it is UTC, as Keystone reads it.
  const isTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/.test(text);
  const at = isTime ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new ComputeError(
      'invalid',
      `application_credential.expires_at: '${text}' is not a time, as 2026-01-31T12:00:00Z`,
    );
  }
  if (at > clock.now()) return at;
  throw new ComputeError('invalid', "The 'expires_at' must not be before now.");
}

async function viewCredential(
  { origin }: Pick<Call, 'origin'>,
  { credential, directory }: { credential: StoredApplicationCredential; directory: Directory },
) {
  const { id, name, description, userId, projectId, roleIds, expiresAt, unrestricted } = credential;
  const roles = (await directory.store.roles()).filter((each) => roleIds.includes(each.id));
  return {
    id,
    name,
    description,
    user_id: userId,
    project_id: projectId,
    system: null,
    roles: roles.map((each) => ({ id: each.id, name: each.name, domain_id: null })),
    expires_at: expiresAt === null ? null : viewTime(expiresAt),
    unrestricted,
    links: { self: `${origin}/v3/users/${userId}/application_credentials/${id}` },
  };
}
