/** A sign-in at Keystone v3: a token, and from its catalog where the services are. */
import { type Login, signInBody } from '#core/access/login.ts';
import { ComputeError } from '#core/errors.ts';
import type { CloudCredentials } from '../cloud/cloud-credentials.ts';
import { exchange, type ServiceReply } from './exchange.ts';
import { readReply } from './refusal.ts';
import { trustAuthorities } from './trust.ts';

/** A sign-in: a token scoped to a project, and one endpoint of each service type. */
export interface Session {
  /** The newest one. */
  token: string;
  projectId: string;
  /** Who signed in, for messages. Example: `user "demo" in project "demo"`. */
  user?: string;
  /** Example: `{ compute: 'http://127.0.0.1:8774/v2.1' }`. */
  endpoints: Record<string, string>;
  /**
   * Signs in again, once for all concurrent callers; `token` is the new one then. Absent where the
   * token is from elsewhere. Throws as `openSession`.
   */
  renew?(): Promise<void>;
}

/** `operator` is Novella's own API, at the origin of the compute endpoint. */
export type ServiceName = 'compute' | 'network' | 'image' | 'identity' | 'operator';

interface TokenReply {
  token?: {
    project?: { id?: string };
    catalog?: {
      type: string;
      endpoints: { interface: string; region?: string | null; url: string }[];
    }[];
  };
}

class SignedIn implements Session {
  token = '';
  projectId = '';
  endpoints: Record<string, string> = {};
  readonly #cloud: CloudCredentials;
  #renewal: Promise<void> | undefined;

  constructor(cloud: CloudCredentials) {
    this.#cloud = cloud;
  }

  get user(): string {
    if ('applicationCredentialId' in this.#cloud) {
      return `application credential ${this.#cloud.applicationCredentialId}`;
    }
    return `user "${this.#cloud.username}" in project "${this.#cloud.projectName}"`;
  }

  async signIn(): Promise<void> {
    const { id, token } = await getToken(this.#cloud);
    this.token = id;
    this.projectId = token.project?.id ?? '';
    this.endpoints = endpointsOf(token.catalog, this.#cloud);
  }

  async renew(): Promise<void> {
    this.#renewal ??= this.#replaceToken().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #replaceToken(): Promise<void> {
    this.token = (await getToken(this.#cloud)).id;
  }
}

/**
 * Signs in. Endpoints are the public ones unless the credentials specify others. Throws
 * `unauthenticated` with Keystone's message, `unavailable` when there is no answer.
 */
export async function openSession(cloud: CloudCredentials): Promise<Session> {
  if (cloud.caFile !== undefined) trustAuthorities(cloud.caFile);
  const session = new SignedIn(cloud);
  await session.signIn();
  return session;
}

type Catalog = NonNullable<NonNullable<TokenReply['token']>['catalog']>;

async function getToken({ authUrl, ...login }: Pick<CloudCredentials, 'authUrl'> & Login) {
  const base = authUrl.replace(/\/+$/, '');
  const root = base.endsWith('/v3') ? base : `${base}/v3`;
  const url = `${root}/auth/tokens`;
  const body = JSON.stringify(signInBody(login));
  const headers = { 'content-type': 'application/json' };
  const reply = await exchange('identity', url, { method: 'POST', headers, body });
  if (!isOfKeystone(reply)) {
    throw new ComputeError(
      'unavailable',
      `${root} is not a Keystone (POST ${new URL(url).pathname} returned ${reply.status}); set auth_url to the identity service, such as http://127.0.0.1:5000/v3`,
    );
  }
  const { token } = readReply(reply) as TokenReply;
  const id = reply.headers.get('x-subject-token');
  if (id === null || token?.catalog === undefined) {
    throw new ComputeError(
      'unavailable',
      `identity: ${url} returned no scoped token; is it Keystone v3?`,
    );
  }
  return { id, token: { ...token, catalog: token.catalog } };
}

/** Keystone grants a token with its id in a header, or refuses. Every Keystone has this path. */
function isOfKeystone({ status, headers }: ServiceReply): boolean {
  if (status >= 200 && status < 300) return headers.has('x-subject-token');
  return status >= 400 && status !== 404 && status !== 405;
}

function endpointsOf(catalog: Catalog, cloud: CloudCredentials): Record<string, string> {
  const wanted = cloud.interface ?? 'public';
  const endpoints = catalog.map(({ type, endpoints }): [string, string] => {
    const endpoint = endpoints.find(
      ({ interface: name, region }) =>
        name === wanted && (cloud.region === undefined || region === cloud.region),
    );
    return [type, (endpoint?.url ?? '').replace(/\/+$/, '')];
  });
  return {
    ...Object.fromEntries(endpoints.filter(([, address]) => address !== '')),
    ...(cloud.computeUrl !== undefined && { compute: cloud.computeUrl.replace(/\/+$/, '') }),
  };
}

/**
 * The address that a service's paths continue. Throws `notFound` naming the types that the catalog
 * has.
 */
export function serviceUrl(session: Session, service: ServiceName): string {
  const type = service === 'operator' ? 'compute' : service;
  const url = session.endpoints[type];
  if (url === undefined) {
    const types = Object.keys(session.endpoints).join(', ') || 'none';
    throw new ComputeError(
      'notFound',
      `the catalog has no ${type} endpoint of the requested interface and region; it has ${types}`,
    );
  }
  if (service === 'operator') return `${new URL(url).origin}/novella/v1`;
  // Keystone's endpoint may be with its version or without.
  return service === 'identity' ? `${url.replace(/\/v3$/, '')}/v3` : url;
}
