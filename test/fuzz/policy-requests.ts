/** A valid request for each row of the compute API, and which roles its default rule admits. */
import { namesOf } from '#api/requests/permission.ts';
import type { Route } from '#api/requests/route.ts';
import { standardRules } from '#core/access/rules/standard-rules.ts';
import { titleOf } from '#http/routes/route.ts';
import { bodyFor, placeholders } from './bodies.ts';

/** A project with what its member created there. */
export interface Tenant {
  project: string;
  image: string;
  server: string;
  group: string;
}

/** What belongs to a project: another's is not there. Quotas name the project itself. */
const owned: [prefix: string, id: 'server' | 'group'][] = [
  ['/servers/:id', 'server'],
  ['/os-server-groups/:id', 'group'],
];

/** undefined: a row of no project's resource. */
export function ownedKind(route: Route): 'server' | 'group' | undefined {
  return owned.find(([prefix]) => route.path.startsWith(prefix))?.[1];
}

const volume = '5f0c1f7e-0000-4000-8000-000000000001';
/**
 * Where one made of the schema is refused before the server is read, or has another rule: the key
 * pair of another user, the host of choice.
 */
const bodies: Record<string, object> = {
  'POST /os-keypairs': { keypair: { name: 'k' } },
  'POST /servers/:id/action os-migrateLive': {
    'os-migrateLive': { host: null, block_migration: 'auto' },
  },
  'POST /servers/:id/action rebuild': { rebuild: { imageRef: placeholders.image } },
  'POST /servers/:id/os-interface': { interfaceAttachment: { net_id: volume } },
  'POST /servers/:id/os-volume_attachments': { volumeAttachment: { volumeId: volume } },
  'PUT /servers/:id/os-volume_attachments/:volume': { volumeAttachment: { volumeId: volume } },
};

/** In the newest version that has the row, about what this project has. */
export function requestFor(
  route: Route,
  tenant: Tenant,
): { path: string; minor: number; text?: string } {
  const minor = Math.max(route.from ?? 1, Math.min(route.to ?? 96, 96));
  const kind = ownedKind(route);
  const id = kind === undefined ? tenant.project : tenant[kind];
  const path = route.path.replace(':id', id).replace(':volume', volume).replaceAll(/:\w+/g, 'x');
  const schema = route.body?.(minor);
  const empty = route.action === undefined ? undefined : { [route.action]: null };
  const generated = schema === undefined ? empty : bodyFor({ ...schema });
  const body = bodies[titleOf(route)] ?? generated;
  if (body === undefined || route.method === 'GET') return { path, minor };
  const text = JSON.stringify(body)
    .replaceAll(placeholders.flavor, '1')
    .replaceAll(placeholders.image, tenant.image)
    // Any id: there is no such network.
    .replaceAll(placeholders.network, tenant.image);
  return { path, minor, text };
}

/** Written here a second time: each default, and the roles that it admits in their own project. */
const admitted: Record<string, readonly string[]> = {
  '!': [],
  'rule:context_is_admin': ['admin'],
  'rule:service_or_admin': ['service', 'admin'],
  'rule:project_manager_or_admin': ['manager', 'admin'],
  'rule:project_member_or_admin': ['member', 'manager', 'admin'],
  'rule:project_reader_or_admin': ['reader', 'member', 'manager', 'admin'],
};

/** By its default rule. Example: a member, to `POST /servers`. */
export function isAdmitted({ rule }: Route, role: string): boolean {
  if (rule === 'signed-in') return true;
  return namesOf(rule).some((name) => {
    const { check } = standardRules[name];
    return check === '@' || check.includes('user_id:') || admitted[check]?.includes(role) === true;
  });
}
