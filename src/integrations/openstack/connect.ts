/** A real OpenStack as the identity, network and image services. */
import type { Clock } from '#contracts/clock.ts';
import type { IdentityService } from '#contracts/services/identity.ts';
import type { ImageContents, ImageService, ImageWriter } from '#contracts/services/images.ts';
import type { NetworkService } from '#contracts/services/network.ts';
import type { Login } from '#core/access/login.ts';
import type { Retries } from '#runtime/backoff.ts';
import { signInGate } from '#runtime/sign-in/sign-in-gate.ts';
import { createGlance } from './glance.ts';
import { createKeystoneIdentity } from './keystone.ts';
import { createNeutron } from './neutron/neutron.ts';
import { createOwnTokens } from './http/own-token.ts';
import { type CallCounts, createServiceCaller } from './http/service-caller.ts';
import { createSession } from './http/session.ts';
import { userTokens } from './http/user-tokens.ts';
import { type Survey, survey } from './survey.ts';
import { createHttpTransport, type HttpTransport } from './http/http-transport.ts';

export interface OpenStackOptions {
  /** Keystone, with or without its version. Example: `http://controller:5000/v3`. */
  authUrl: string;
  user: Login;
  region?: string | undefined;
  /** Which endpoints of the catalog. Default: internal, else public. */
  interface?: string | undefined;
  /** Instead of the catalog's endpoint. */
  networkUrl?: string | undefined;
  imageUrl?: string | undefined;
  /** The authorities to trust instead of the system's: PEM text and its source file. */
  ca?: { text: string; file: string } | undefined;
  clock: Clock;
  /** How long a service may be silent. Default: 30 seconds. */
  timeoutMs?: number | undefined;
  /** Concurrent calls to one service. Default: 8. */
  connections?: number | undefined;
  /** Of a call that may be repeated. Default: twice, after 200 ms and 1 s. */
  retries?: Retries;
  /** How long the result of a token's validation is cached. Default: one minute. */
  tokenCacheMs?: number | undefined;
  /** How long a network is cached. Default: ten seconds. */
  networkCacheMs?: number;
  /** How long the list of network agents is cached. Default: thirty seconds. */
  agentCacheMs?: number;
  /** Resolves when what a call would make known may leave the process. */
  beforeCall?: () => Promise<void>;
  /** The request that a call is made for, where known. */
  requestId?: () => string | undefined;
}

export interface OpenStack {
  identity: IdentityService;
  network: NetworkService;
  image: ImageService & ImageContents & ImageWriter;
  /** Keystone with its version. Example: `http://controller:5000/v3`. */
  identityUrl: string;
  /** What is available and what is missing. Never throws: a silent service counts as missing. */
  survey(): Promise<Survey>;
  /** How often each service has been called. */
  calls(): CallCounts;
  /** Closes all connections. */
  close(): void;
}

/** A reachable host accepts a connection at once. */
const longestConnectMs = 10_000;

/** Makes no call before the first that is needed. */
export function connectOpenStack(options: OpenStackOptions): OpenStack {
  const { clock, region } = options;
  const keystone = withVersion(options.authUrl);
  const timeoutMs = options.timeoutMs ?? 30_000;
  const transport = createHttpTransport({
    timeoutMs,
    connectMs: Math.min(timeoutMs, longestConnectMs),
    connections: options.connections ?? 8,
    ...(options.ca !== undefined && { ca: options.ca.text }),
  });
  const wire: HttpTransport = {
    ...transport,
    send: async (request) => {
      await options.beforeCall?.();
      return transport.send(request);
    },
  };
  const caller = createServiceCaller({
    wire,
    limits: { wholeMs: 4 * timeoutMs, mostBytes: 64 * 2 ** 20 },
    trust: { key: 'openstack.ca_file', caFile: options.ca?.file },
    retries: options.retries ?? { most: 2, firstMs: 200, longestMs: 1_000, factor: 5 },
    ...(options.requestId !== undefined && { requestId: options.requestId }),
  });
  const tokens = createOwnTokens({ caller, keystone, user: options.user, clock });
  const shared = { caller, tokens, keystone, region, interface: options.interface };
  const sessions = {
    identity: createSession({ ...shared, service: 'identity', url: keystone }),
    network: createSession({
      ...shared,
      service: 'network',
      url: options.networkUrl,
      version: /\/v2\.0$/,
    }),
    image: createSession({
      ...shared,
      service: 'image',
      url: options.imageUrl,
      version: /\/v2(\.\d+)?$/,
    }),
  };
  const network = createNeutron({
    session: sessions.network,
    clock,
    networkCacheMs: options.networkCacheMs ?? 10_000,
    agentCacheMs: options.agentCacheMs ?? 30_000,
  });
  return {
    identity: createKeystoneIdentity({
      session: sessions.identity,
      users: userTokens({ caller, keystone, gate: signInGate(clock) }),
      clock,
      cacheMs: options.tokenCacheMs ?? 60_000,
    }),
    network,
    image: createGlance(sessions.image),
    identityUrl: keystone,
    survey: () => survey({ tokens, keystone, ...sessions, agents: () => network.listAgents() }),
    calls: () => caller.counts(),
    close: () => wire.close(),
  };
}

/** Example: `http://controller:5000/` → `http://controller:5000/v3`. */
function withVersion(url: string): string {
  const bare = url.replace(/\/+$/, '');
  return bare.endsWith('/v3') ? bare : `${bare}/v3`;
}
