/**
 * Calls with a token: the service's own, or a user's with the service's beside it. Finds endpoints.
 */
import type { Acting } from '#contracts/services/network.ts';
import { ComputeError } from '#core/errors.ts';
import { endpointOf } from './catalog.ts';
import type { OwnToken, OwnTokens } from './own-token.ts';
import { missingRoles, type OwnUser, describeRole } from '../own-user.ts';
import type { ServiceAnswer, ServiceCall, ServiceCaller } from './service-caller.ts';
import type { WireAnswer } from './http-transport.ts';

export type SessionCall = Pick<ServiceCall, 'method' | 'path' | 'body' | 'headers' | 'upload'> & {
  acting: Acting;
  /**
   * Whether an answer shows all that our own rights should show. Without a right, parts are
   * omitted, not refused.
   */
  isWhole?: (body: unknown) => boolean;
};

/** One service, called with the rights of a user or of the service itself. */
export interface Session {
  /** Throws `unavailable`, and `unauthenticated` when the user's token is refused. */
  call(call: SessionCall): Promise<ServiceAnswer>;
  open(call: SessionCall): Promise<WireAnswer>;
  /** Without the version. Example: `http://controller:9696`. */
  url(): Promise<string>;
  /** Example: `network service at http://controller:9696`. */
  name(): Promise<string>;
  /** Our user there, with the roles of our token. */
  owner(): Promise<OwnUser>;
}

export interface SessionOptions {
  caller: ServiceCaller;
  tokens: OwnTokens;
  keystone: string;
  /** Name for messages, and type in the catalog. Example: `network`. */
  service: string;
  /** Instead of the catalog's endpoint. */
  url?: string | undefined;
  region?: string | undefined;
  interface?: string | undefined;
  /** A version that ends the URL and begins paths. Example: `/\/v2\.0$/`. */
  version?: RegExp;
}

/**
 * A token that is refused (401), or lacks a right while our user lacks a role (403, or an
 * incomplete answer), is renewed once and the call retried. The service's own token is sent with a
 * user's, so that the other service can identify the caller. Source: keystonemiddleware, "service
 * tokens".
 */
export function createSession(options: SessionOptions): Session {
  const { caller, tokens, service, keystone } = options;
  const baseFor = (token: OwnToken): string => {
    const query = { type: service, region: options.region, interface: options.interface };
    const url = options.url ?? endpointOf(token.catalog, query, keystone);
    return url.replace(/\/+$/, '').replace(options.version ?? /$^/, '');
  };
  const attempt = async <A extends { status: number }>(
    call: SessionCall,
    send: (call: ServiceCall) => Promise<A>,
    { isShort, drop }: { isShort: (answer: A) => boolean; drop: (answer: A) => void },
  ): Promise<A> => {
    const { acting, isWhole: _, ...rest } = call;
    const sendWith = (token: OwnToken) =>
      send({
        ...rest,
        service,
        base: baseFor(token),
        headers: { ...tokenHeaders(acting, token), ...rest.headers },
      });
    const token = await tokens.current();
    const first = await sendWith(token);
    // A role granted after the token was issued counts only with a new one.
    const lacksRole =
      (first.status === 403 || isShort(first)) &&
      acting === 'service' &&
      missingRoles(token.owner).length > 0;
    if (first.status !== 401 && !lacksRole) return first;
    drop(first);
    const newer = await tokens.newerThan(token);
    const second = await sendWith(newer);
    if (second.status !== 401) return second;
    drop(second);
    throw refused(acting, `${service} service at ${baseFor(newer)}`, newer.owner);
  };
  return {
    call: (call) =>
      attempt(call, (ready) => caller.call(ready), {
        isShort: ({ status, body }) =>
          status < 300 && body !== undefined && call.isWhole?.(body) === false,
        drop: () => undefined,
      }),
    open: (call) =>
      attempt(call, (ready) => caller.open(ready), {
        isShort: () => false,
        drop: ({ bytes }) => bytes.destroy(),
      }),
    url: async () => baseFor(await tokens.current()),
    owner: async () => (await tokens.current()).owner,
    name: async () => `${service} service at ${baseFor(await tokens.current())}`,
  };
}

function tokenHeaders(acting: Acting, own: OwnToken): Record<string, string> {
  if (acting === 'service') return { 'x-auth-token': own.text };
  return { 'x-auth-token': acting.token, 'x-service-token': own.text };
}

function refused(acting: Acting, name: string, owner: OwnUser): ComputeError {
  if (acting === 'service') {
    return new ComputeError(
      'unavailable',
      `the ${name} rejected a freshly issued service token; is it configured with the same Keystone?`,
    );
  }
  // Beside a token without this role, a valid user token is refused too.
  if (missingRoles(owner).includes('service')) {
    return new ComputeError(
      'unavailable',
      `the ${name} refuses the token of this request or the service token sent with it: the service token needs ${describeRole(owner, 'service')}`,
    );
  }
  return new ComputeError('unauthenticated', `the ${name} refuses the token of this request`);
}
