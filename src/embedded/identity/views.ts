/** What Keystone shows: version, token, project, user, role, domain. */
import { isoTime } from '#http/lists/iso-time.ts';
import type { StoredProject, StoredRole } from '#contracts/store/identity-store.ts';
import type { Catalog } from './catalog.ts';
import { viewCatalog } from './catalog.ts';
import { defaultDomain } from './domain.ts';
import type { Session } from './sign-in/tokens.ts';

/** The fields of every list entry. */
export type View = Record<string, unknown> & { id: string };

export function viewVersion(baseUrl: string) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${baseUrl}/v3/` }],
    'media-types': [
      { base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' },
    ],
  };
}

/** With microseconds, as Keystone writes times. Example: `2026-11-23T07:15:03.000000Z`. */
export function viewTime(epochMs: number): string {
  return isoTime(epochMs).replace('Z', '000Z');
}

/** `catalog` undefined: left out, as for an unscoped token. */
export function viewToken(session: Session, catalog?: Catalog) {
  const { token, user, project, roles, credential } = session;
  return {
    methods: token.methods,
    user: { id: user.id, name: user.name, domain: defaultDomain, password_expires_at: null },
    audit_ids: [token.auditId],
    expires_at: viewTime(token.expiresAt),
    issued_at: viewTime(token.issuedAt),
    ...(credential !== undefined && {
      application_credential: {
        id: credential.id,
        name: credential.name,
        restricted: !credential.unrestricted,
      },
    }),
    ...(project !== undefined && {
      project: { id: project.id, name: project.name, domain: defaultDomain },
      is_domain: false,
      roles: roles.map(({ id, name }) => ({ id, name })),
      ...(catalog !== undefined && { catalog: viewCatalog(catalog) }),
    }),
  };
}

export function viewProject({ id, name, domainId, description, enabled }: StoredProject) {
  return {
    id,
    name,
    domain_id: domainId,
    description,
    enabled,
    parent_id: domainId,
    is_domain: false,
    tags: [],
    options: {},
  };
}

/** `description` and `email` only where the user has them, as Keystone shows its extras. */
export function viewUser(user: Session['user']) {
  const { id, name, domainId, enabled, defaultProjectId, description, email } = user;
  return {
    id,
    name,
    domain_id: domainId,
    enabled,
    default_project_id: defaultProjectId,
    password_expires_at: null,
    options: {},
    ...(description !== null && { description }),
    ...(email !== null && { email }),
  };
}

export function viewRole({ id, name, description }: StoredRole) {
  return { id, name, domain_id: null, description, options: {} };
}

export function viewDomain() {
  return {
    ...defaultDomain,
    description: 'The default domain',
    enabled: true,
    tags: [],
    options: {},
  };
}
