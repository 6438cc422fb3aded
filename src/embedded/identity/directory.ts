/** Lists and shows of who exists: projects, users, roles, domains, role assignments, services, endpoints, regions. */
import type { IdentityStore } from '#contracts/identity-store.ts';
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import type { GuardedCall, OpenCall } from '../route-table.ts';
import { type Catalog, listEndpoints, listRegions, listServices } from './catalog.ts';
import { defaultDomain } from './domain.ts';
import type { SignInGate } from './sign-in-gate.ts';
import { actorOf, type Session, type Tokens } from './tokens.ts';
import { viewDomain, viewProject, viewRole, viewUser } from './views.ts';

/** What the handlers of this service work with. */
export interface Directory {
  store: IdentityStore;
  tokens: Tokens;
  catalog: () => Catalog;
  gate: SignInGate;
}

type Call = GuardedCall<Session>;
type View = Record<string, unknown> & { id: string };

/** A kind of thing that can be listed and shown, at /v3/{plural}. */
export interface Kind {
  singular: string;
  plural: string;
  /** Every good token lists and shows it; else only admins, beside `isOwn`. */
  isPublic: boolean;
  isOwn?: (caller: Session, id: string) => boolean;
  views: (directory: Directory) => Promise<View[]> | View[];
}

export const kinds: Kind[] = [
  {
    singular: 'project',
    plural: 'projects',
    isPublic: false,
    isOwn: (caller, id) => caller.project?.id === id,
    views: async ({ store }) => (await store.projects()).map(viewProject),
  },
  {
    singular: 'user',
    plural: 'users',
    isPublic: false,
    isOwn: (caller, id) => caller.user.id === id,
    views: async ({ store }) => (await store.users()).map(viewUser),
  },
  {
    singular: 'role',
    plural: 'roles',
    isPublic: false,
    views: async ({ store }) => (await store.roles()).map(viewRole),
  },
  { singular: 'domain', plural: 'domains', isPublic: false, views: () => [viewDomain()] },
  {
    singular: 'service',
    plural: 'services',
    isPublic: false,
    views: ({ catalog }) => listServices(catalog()),
  },
  {
    singular: 'endpoint',
    plural: 'endpoints',
    isPublic: false,
    views: ({ catalog }) => listEndpoints(catalog()),
  },
  {
    singular: 'region',
    plural: 'regions',
    isPublic: true,
    views: ({ catalog }) => listRegions(catalog()),
  },
];

export async function list(kind: Kind, call: Call, directory: Directory) {
  return collection(call, kind.plural, matching(await kind.views(directory), call.query));
}

export async function show(kind: Kind, call: Call, directory: Directory) {
  const id = call.params['id'] ?? '';
  const isOwn = kind.isOwn?.(call.caller, id) ?? false;
  if (!kind.isPublic && !isOwn) requireAdmin(call.caller, `show a ${kind.singular} of others`);
  const found = (await kind.views(directory)).find((view) => view.id === id);
  if (found === undefined) {
    throw new ComputeError('notFound', `Could not find ${kind.singular}: ${id}.`);
  }
  return { [kind.singular]: withSelf(call, kind.plural, found) };
}

/** GET /v3/auth/projects, /v3/users/{id}/projects: where the user has a role. */
export async function listProjectsOf(userId: string, call: Call, { store }: Directory) {
  if (userId !== call.caller.user.id) requireAdmin(call.caller, "list another user's projects");
  const ids = new Set((await store.assignments({ userId })).map(({ projectId }) => projectId));
  const projects = (await store.projects()).filter(({ id }) => ids.has(id));
  return collection(call, 'projects', projects.map(viewProject));
}

/** GET /v3/role_assignments. */
export async function listRoleAssignments(call: Call, { store }: Directory) {
  const [assignments, users, projects, roles] = await Promise.all([
    store.assignments({}),
    store.users(),
    store.projects(),
    store.roles(),
  ]);
  const domain = 'include_names' in call.query ? { domain: defaultDomain } : {};
  const named = (id: string, all: { id: string; name: string }[]) => {
    const name = all.find((one) => one.id === id)?.name;
    return 'include_names' in call.query ? { id, name } : { id };
  };
  const wanted = assignments.filter(
    ({ userId, projectId, roleId }) =>
      (call.query['user.id'] ?? userId) === userId &&
      (call.query['scope.project.id'] ?? projectId) === projectId &&
      (call.query['role.id'] ?? roleId) === roleId,
  );
  const views = wanted.map(({ userId, projectId, roleId }) => ({
    user: { ...named(userId, users), ...domain },
    role: named(roleId, roles),
    scope: { project: { ...named(projectId, projects), ...domain } },
    links: {
      assignment: `${call.baseUrl}/v3/projects/${projectId}/users/${userId}/roles/${roleId}`,
    },
  }));
  return page(call, 'role_assignments', views);
}

function requireAdmin(caller: Session, act: string): void {
  if (allows('admin', actorOf(caller))) return;
  throw new ComputeError('forbidden', `You are not authorized to ${act}: it needs the role admin.`);
}

/** Query keys that name a field keep only equal ones; all others are no filters. */
function matching(views: View[], query: OpenCall['query']): View[] {
  return views.filter((view) =>
    Object.entries(query).every(
      ([key, value]) =>
        !Object.hasOwn(view, key) ||
        String(view[key]) === String(value).replace(/^True$|^False$/, (word) => word.toLowerCase()),
    ),
  );
}

function collection(call: Call, plural: string, views: View[]) {
  return page(
    call,
    plural,
    views.map((view) => withSelf(call, plural, view)),
  );
}

function page(call: Call, plural: string, views: unknown[]) {
  const self = `${call.baseUrl}${call.request.url}`;
  return { [plural]: views, links: { next: null, self, previous: null } };
}

function withSelf(call: Call, plural: string, view: View) {
  return { ...view, links: { self: `${call.baseUrl}/v3/${plural}/${view.id}` } };
}
