/**
 * Lists and shows of projects, users, roles, domains, role assignments, services, endpoints,
 * regions.
 */
import type { Clock, NewId } from '#contracts/clock.ts';
import type { IdentityStore } from '#contracts/store/identity-store.ts';
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { queryValue } from '#http/routes/query.ts';
import type { Reply } from '#http/routes/route.ts';
import type { GuardedCall } from '../route-table.ts';
import { type Catalog, listEndpoints, listRegions, listServices } from './catalog.ts';
import { type Filters, pageOf, refuseQuery } from './list-query.ts';
import type { SignInGate } from '#runtime/sign-in/sign-in-gate.ts';
import { actorOf, type Session, type Tokens } from './sign-in/tokens.ts';
import { type View, viewDomain, viewProject, viewRole, viewUser } from './views.ts';

/** What the handlers of this service work with. */
export interface Directory {
  store: IdentityStore;
  tokens: Tokens;
  catalog: () => Catalog;
  gate: SignInGate;
  newId: NewId;
  clock: Clock;
}

type Call = GuardedCall<Session>;

/** A kind of thing that can be listed and shown, at /v3/{plural}. */
export interface Kind {
  singular: string;
  plural: string;
  /** Every valid token lists and shows it; else only admins, beside `isOwn`. */
  isPublic: boolean;
  isOwn?: (caller: Session, id: string) => boolean;
  filters: Filters;
  /** Those that exist; in a list those that its query selects by what is `applied`. */
  views: (directory: Directory, query?: Call['query']) => Promise<View[]> | View[];
}

const projectFilters: Filters = {
  fields: ['id', 'name', 'domain_id', 'description', 'enabled', 'parent_id', 'is_domain'],
  isTagged: true,
};

export const kinds: Kind[] = [
  {
    singular: 'project',
    plural: 'projects',
    isPublic: false,
    isOwn: (caller, id) => caller.project?.id === id,
    filters: projectFilters,
    views: async ({ store }) => (await store.projects()).map(viewProject),
  },
  {
    singular: 'user',
    plural: 'users',
    isPublic: false,
    isOwn: (caller, id) => caller.user.id === id,
    filters: {
      fields: ['id', 'name', 'domain_id', 'enabled', 'default_project_id'],
      applied: ['tenant_id'],
      absent: ['idp_id', 'protocol_id', 'unique_id'],
    },
    views: listUsers,
  },
  {
    singular: 'role',
    plural: 'roles',
    isPublic: false,
    filters: { fields: ['id', 'name', 'domain_id', 'description'] },
    views: async ({ store }) => (await store.roles()).map(viewRole),
  },
  {
    singular: 'domain',
    plural: 'domains',
    isPublic: false,
    filters: { fields: ['id', 'name', 'description', 'enabled'], isTagged: true },
    views: () => [viewDomain()],
  },
  {
    singular: 'service',
    plural: 'services',
    isPublic: false,
    filters: { fields: ['id', 'name', 'type', 'description', 'enabled'] },
    views: ({ catalog }) => listServices(catalog()),
  },
  {
    singular: 'endpoint',
    plural: 'endpoints',
    isPublic: false,
    filters: {
      fields: ['id', 'interface', 'region', 'region_id', 'service_id', 'url', 'enabled'],
    },
    views: ({ catalog }) => listEndpoints(catalog()),
  },
  {
    singular: 'region',
    plural: 'regions',
    isPublic: true,
    filters: { fields: ['id', 'description', 'parent_region_id'] },
    views: ({ catalog }) => listRegions(catalog()),
  },
];

/**
 * All, or those with a role in the project `tenant_id`. `openstack keypair list --project` filters
 * by it.
 */
async function listUsers({ store }: Directory, query: Call['query'] = {}): Promise<View[]> {
  const users = (await store.users()).map(viewUser);
  const projectId = queryValue(query, 'tenant_id');
  if (projectId === undefined) return users;
  const ids = new Set((await store.assignments({ projectId })).map(({ userId }) => userId));
  return users.filter(({ id }) => ids.has(id));
}

export async function list(kind: Kind, call: Call, directory: Directory): Promise<Reply> {
  return collection(call, kind.plural, await kind.views(directory, call.query), kind.filters);
}

export async function show(kind: Kind, call: Call, directory: Directory): Promise<Reply> {
  const id = call.params['id'] ?? '';
  refuseQuery(call.query);
  const isOwn = kind.isOwn?.(call.caller, id) ?? false;
  if (!kind.isPublic && !isOwn) requireAdmin(call.caller, `show a ${kind.singular} of others`);
  const found = (await kind.views(directory)).find((view) => view.id === id);
  if (found === undefined) {
    throw new ComputeError('notFound', `Could not find ${kind.singular}: ${id}.`);
  }
  return { body: { [kind.singular]: withSelf(call, kind.plural, found) } };
}

/** GET /v3/auth/projects, /v3/users/{id}/projects: where the user has a role. */
export async function listProjectsOf(userId: string, call: Call, { store }: Directory) {
  if (userId !== call.caller.user.id) requireAdmin(call.caller, "list another user's projects");
  const ids = new Set((await store.assignments({ userId })).map(({ projectId }) => projectId));
  const projects = (await store.projects()).filter(({ id }) => ids.has(id));
  return collection(call, 'projects', projects.map(viewProject), projectFilters);
}

function requireAdmin(caller: Session, act: string): void {
  if (allows('admin', actorOf(caller))) return;
  throw new ComputeError('forbidden', `You are not authorized to ${act}: it needs the role admin.`);
}

// oxlint-disable-next-line max-params -- what is listed, and by what
function collection(call: Call, plural: string, views: View[], filters: Filters): Reply {
  const [path = '', text = ''] = call.request.url.split(/\?(.*)/s);
  const url = `${call.origin}${path}`;
  const page = pageOf(views, { query: call.query, url, text }, filters);
  const self = `${call.origin}${call.request.url}`;
  const body = {
    [plural]: page.views.map((view) => withSelf(call, plural, view)),
    links: { next: page.next, self, previous: null },
    ...(page.next !== null && { truncated: true }),
  };
  return { body };
}

function withSelf(call: Call, plural: string, view: View) {
  return { ...view, links: { self: `${call.origin}/v3/${plural}/${view.id}` } };
}
