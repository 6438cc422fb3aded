/**
 * Requests of a signed-in user to the services of a cloud. An expired token is renewed. Independent
 * of resources.
 */
import { exchange, type ServiceReply } from './exchange.ts';
import { readReply } from './refusal.ts';
import { type ServiceName, serviceUrl, type Session } from './session.ts';

/**
 * One request. `path` continues the endpoint. Example: `{ service: 'compute', path:
 * '/servers/detail' }`.
 */
export interface ServiceRequest {
  service: ServiceName;
  path: string;
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  /** Compute microversion. Example: `2.79`. Absent: the service's lowest. */
  microversion?: string;
}

/** A request with options that are rarely needed. */
export interface RawRequest extends Omit<ServiceRequest, 'method'> {
  method?: string;
  /** Instead of `body`: sent as it is, as JSON unless `headers` specify otherwise. */
  content?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** Other than the session's, and never renewed; null: none. */
  token?: string | null;
}

/**
 * Sends one request and returns its JSON (undefined for an empty reply). A refusal is thrown as
 * ComputeError: the service's message, then the request, the status and the request id.
 */
export async function request<T>(session: Session, call: ServiceRequest): Promise<T> {
  return readReply(await send(session, call), session.user) as T;
}

/**
 * Sends one request and returns the reply, a refusal too. One for an expired or revoked token is
 * retried once after a new sign-in. Throws `unavailable` when there is no answer.
 */
export async function send(session: Session, call: RawRequest): Promise<ServiceReply> {
  const { token = session.token } = call;
  const reply = await sendWith(token, session, call);
  if (reply.status !== 401 || call.token !== undefined) return reply;
  if (session.renew === undefined) return reply;
  // Another request may have renewed it since.
  if (session.token === token) await session.renew();
  return sendWith(session.token, session, call);
}

function sendWith(
  token: string | null,
  session: Session,
  { service, path, method = 'GET', body, microversion, content, headers }: RawRequest,
): Promise<ServiceReply> {
  const sent = content ?? (body === undefined ? undefined : JSON.stringify(body));
  return exchange(service, serviceUrl(session, service) + path, {
    method,
    headers: {
      ...(token !== null && { 'x-auth-token': token }),
      ...(microversion !== undefined && { 'openstack-api-version': `compute ${microversion}` }),
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent }),
  });
}

/**
 * What the compute service reports of its health: `OK`, or why requests would fail now. Needs no
 * token.
 */
export async function healthOf(session: Session): Promise<string> {
  const url = `${new URL(serviceUrl(session, 'operator')).origin}/healthcheck`;
  const { status, text } = await exchange('compute', url, { method: 'GET' });
  if ((status >= 200 && status < 300) || status === 503) return text.trim();
  return `${url} answered ${status}`;
}
