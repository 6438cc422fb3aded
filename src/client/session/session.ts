/**
 * A small OpenStack client: password login at Keystone v3, the catalog, JSON requests to the
 * services in it. Errors carry the service's own words. Knows no resource.
 */
import { signInBody } from '#core/access/login.ts';
import { distrustOf } from '#core/distrust.ts';
import { ComputeError, type ErrorKind } from '#core/errors.ts';
import type { CloudCredentials } from '../cloud/cloud-credentials.ts';
import { trustAuthorities } from './trust.ts';

/** A login: a token scoped to a project, and one endpoint of each service type. */
export interface Session {
  token: string;
  projectId: string;
  /** Example: `{ compute: 'http://127.0.0.1:8774/v2.1' }`. */
  endpoints: Record<string, string>;
}

/** `operator` is Novella's own API, at the origin of the compute endpoint. */
export type ServiceName = 'compute' | 'network' | 'image' | 'identity' | 'operator';

/**
 * One request. `path` continues the endpoint. Example: `{ service: 'compute', path:
 * '/servers/detail' }`.
 */
export interface ServiceRequest {
  service: ServiceName;
  path: string;
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** Compute microversion. Example: `2.79`. Absent: the service's lowest. */
  microversion?: string;
}

const requestTimeoutMs = 60_000;

interface TokenReply {
  token?: {
    project?: { id?: string };
    catalog?: {
      type: string;
      endpoints: { interface: string; region?: string | null; url: string }[];
    }[];
  };
}

/**
 * Logs in. Endpoints are the public ones unless the credentials say other ones. Throws
 * `unauthenticated` with Keystone's words, `unavailable` when nobody answers.
 */
export async function openSession(cloud: CloudCredentials): Promise<Session> {
  if (cloud.caFile !== undefined) trustAuthorities(cloud.caFile);
  const base = cloud.authUrl.replace(/\/+$/, '');
  const url = `${base.endsWith('/v3') ? base : `${base}/v3`}/auth/tokens`;
  const { headers, json } = await exchange('identity', url, {
    method: 'POST',
    body: signInBody(cloud),
  });
  const { token } = json as TokenReply;
  const id = headers.get('x-subject-token');
  if (id === null || token?.catalog === undefined) {
    throw new ComputeError(
      'unavailable',
      `identity: ${url} gave no scoped token; is it Keystone v3?`,
    );
  }
  const wanted = cloud.interface ?? 'public';
  const endpoints = token.catalog.map(({ type, endpoints }): [string, string] => {
    const endpoint = endpoints.find(
      ({ interface: name, region }) =>
        name === wanted && (cloud.region === undefined || region === cloud.region),
    );
    return [type, (endpoint?.url ?? '').replace(/\/+$/, '')];
  });
  return {
    token: id,
    projectId: token.project?.id ?? '',
    endpoints: {
      ...Object.fromEntries(endpoints.filter(([, address]) => address !== '')),
      ...(cloud.computeUrl !== undefined && { compute: cloud.computeUrl.replace(/\/+$/, '') }),
    },
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
      `the catalog has no ${type} endpoint of the interface and region asked for; it has ${types}`,
    );
  }
  if (service === 'operator') return `${new URL(url).origin}/novella/v1`;
  // Keystone's endpoint may be with its version or without.
  return service === 'identity' ? `${url.replace(/\/v3$/, '')}/v3` : url;
}

/**
 * Sends one request and returns its JSON (undefined for an empty reply). A refusal is thrown as
 * ComputeError: the service's message, then what was asked, the status and the request id.
 */
export async function request<T>(session: Session, asked: ServiceRequest): Promise<T> {
  const headers: Record<string, string> = { 'x-auth-token': session.token };
  if (asked.microversion !== undefined) {
    headers['openstack-api-version'] = `compute ${asked.microversion}`;
  }
  const url = serviceUrl(session, asked.service) + asked.path;
  const { json } = await exchange(asked.service, url, { ...asked, headers });
  return json as T;
}

/**
 * What the compute service says of its health: `OK`, or why requests would fail now. Needs no
 * token.
 */
export async function healthOf(session: Session): Promise<string> {
  const url = `${new URL(serviceUrl(session, 'operator')).origin}/healthcheck`;
  const reply = await reach('compute', url, { signal: AbortSignal.timeout(requestTimeoutMs) });
  const text = (await reply.text()).trim();
  if (reply.ok || reply.status === 503) return text;
  return `${url} answered ${reply.status}`;
}

interface Exchange {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

async function exchange(
  service: string,
  url: string,
  sent: Exchange,
): Promise<{ headers: Headers; json: unknown }> {
  const method = sent.method ?? 'GET';
  const reply = await reach(service, url, {
    method,
    headers: {
      accept: 'application/json',
      ...(sent.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...sent.headers,
    },
    ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const text = await reply.text();
  const json = parseJson(text);
  if (reply.ok && (json !== undefined || text === '')) return { headers: reply.headers, json };
  const id = reply.headers.get('x-openstack-request-id');
  const asked = `${service} ${method} ${new URL(url).pathname}: ${reply.status}`;
  const words = reply.ok ? 'the reply is not JSON' : wordsOf(service, reply, json);
  throw new ComputeError(
    reply.ok ? 'unavailable' : kindOf(reply.status),
    `${words} (${asked}${id === null ? '' : `, request ${id}`})`,
  );
}

/**
 * What the command asks of compute and operator API is for administrators; which rule of theirs
 * refused it helps nobody here.
 */
function wordsOf(service: string, reply: Response, json: unknown): string {
  if (reply.status === 403 && (service === 'compute' || service === 'operator')) {
    return 'only administrators may do this; sign in as one: name the cloud with --os-cloud or OS_CLOUD';
  }
  return messageIn(json) ?? reply.statusText;
}

async function reach(service: string, url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
    const distrust = distrustOf(inner, { key: 'cacert of the clouds.yaml, or --os-cacert,' });
    if (distrust !== undefined) {
      throw new ComputeError('unavailable', `${service}: ${url}: ${distrust}`, { cause });
    }
    const why = (inner as { code?: string }).code ?? String(inner);
    const question = /^(UND_ERR_SOCKET|ERR_SSL_)/.test(why)
      ? 'does it speak the other of http and https?'
      : 'is "novella up" running, and is the address right?';
    throw new ComputeError(
      'unavailable',
      `${service}: ${url} does not answer (${why}); ${question}`,
      { cause },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Services wrap their message once, each under a key of its own: `badRequest`, `NeutronError`,
 * `error`.
 */
function messageIn(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  for (const value of [json, ...Object.values(json)]) {
    const { message } = (value ?? {}) as { message?: unknown };
    if (typeof message === 'string') return message;
  }
  return undefined;
}

const kinds: Record<number, ErrorKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  406: 'notAcceptable',
  409: 'conflict',
  413: 'overQuota',
  500: 'bug',
  501: 'notImplemented',
};

function kindOf(status: number): ErrorKind {
  return kinds[status] ?? (status < 500 ? 'invalid' : 'unavailable');
}
