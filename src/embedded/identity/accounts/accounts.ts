/** What the calls of all kinds of accounts need. */
import { ComputeError } from '#core/errors.ts';
import type { GuardedCall } from '../../route-table.ts';
import type { Directory } from '../directory.ts';
import type { Session } from '../sign-in/tokens.ts';

export type Call<Body = unknown> = GuardedCall<Session, Body>;

/** Keystone's ids are UUIDs without dashes. */
export function newHexId({ newId }: Directory): string {
  return newId().replaceAll('-', '');
}

/** Throws `notFound` in Keystone's words for a thing that is undefined. */
export function found<T>(thing: T | undefined, kind: string, id: string): T {
  if (thing !== undefined) return thing;
  throw new ComputeError('notFound', `Could not find ${kind}: ${id}.`);
}

/** The reply with one thing: its view and its address. */
export function replyWith(
  { origin }: Pick<Call, 'origin'>,
  { kind, path, view }: { kind: string; path: string; view: object },
) {
  return { body: { [kind]: { ...view, links: { self: `${origin}${path}` } } } };
}

/** The role, project and user with these ids. Throw `notFound`. */
export async function roleOf({ store }: Directory, id: string) {
  return found(
    (await store.roles()).find((role) => role.id === id),
    'role',
    id,
  );
}

export async function projectOf({ store }: Directory, id: string) {
  return found(await store.project(id), 'project', id);
}

export async function userOf({ store }: Directory, id: string) {
  return found(await store.user(id), 'user', id);
}
