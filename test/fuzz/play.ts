/** Sends hostile requests to a cloud and checks every answer. */
import { Agent, request } from 'node:http';
import { sample } from 'fast-check';
import { placeholders } from './bodies.ts';
import { type Caller, type HostileRequest, hostileRequests } from './hostile.ts';
import type { FuzzRoute, ServiceName } from './routes.ts';

/** The cloud's address, and the resources that requests can name. */
export interface Target {
  origins: Record<ServiceName, string>;
  tokens: Record<Caller, string | undefined>;
  /** Real ids by kind, the newest last. */
  ids: Record<keyof typeof placeholders | 'user' | 'project', string[]>;
}

export interface Answer {
  status: number;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

export interface Outcome {
  route: FuzzRoute;
  sent: HostileRequest;
  url: string;
  answer: Answer;
  cpuMs: number;
  /** The fault of the answer; undefined: none. */
  problem: string | undefined;
}

/** One connection, so that the answers come in order. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** `count` requests of this route. The same seed sends the same. */
export async function playRoute(
  target: Target,
  route: FuzzRoute,
  { seed, count }: { seed: number; count: number },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const sent of sample(hostileRequests(route), { seed, numRuns: count })) {
    const url = urlOf(target, route, sent);
    const before = process.cpuUsage();
    const answer = await send(target, route, { ...sent, url });
    const { user, system } = process.cpuUsage(before);
    const problem = problemOf(route, sent, answer);
    outcomes.push({ route, sent, url, answer, cpuMs: (user + system) / 1000, problem });
  }
  return outcomes;
}

function urlOf(target: Target, route: FuzzRoute, { params, query }: HostileRequest): string {
  let at = 0;
  const path = route.path
    .split('/')
    .map((part, place, parts) => {
      if (!part.startsWith(':')) return part;
      const param = params[at++] ?? 0;
      const text = typeof param === 'string' ? param : realId(target, parts[place - 1], param);
      return encodeURIComponent(text.toWellFormed().slice(0, 2_000));
    })
    .join('/');
  return `${target.origins[route.service]}${path}${query === '' ? '' : `?${query}`}`;
}

const kinds: Record<string, keyof Target['ids']> = {
  servers: 'server',
  flavors: 'flavor',
  images: 'image',
  networks: 'network',
  ports: 'port',
  'os-interface': 'port',
  'os-server-groups': 'group',
  'security-groups': 'group',
  users: 'user',
  projects: 'project',
  quotas: 'project',
};

function realId(target: Target, collection = '', number: number): string {
  const ids = target.ids[kinds[collection] ?? 'server'];
  return collection === 'hosts' ? 'host-1' : (ids[number % Math.max(1, ids.length)] ?? 'key');
}

function textOf(target: Target, { body, text }: HostileRequest): string | undefined {
  if (text !== null) return text;
  if (body === undefined) return undefined;
  const whole = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return Object.entries(placeholders).reduce((filled, [kind, placeholder]) => {
    const id = target.ids[kind as keyof typeof placeholders].at(-1) ?? 'none';
    return filled.replaceAll(placeholder, id);
  }, whole);
}

function contentTypeOf(route: FuzzRoute): string {
  if (route.path.endsWith('/file')) return 'application/octet-stream';
  const isPatch = route.service === 'image' && route.method === 'PATCH';
  return isPatch ? 'application/openstack-images-v2.1-json-patch' : 'application/json';
}

function send(
  target: Target,
  route: FuzzRoute,
  sent: HostileRequest & { url: string },
): Promise<Answer> {
  const content = ['GET', 'HEAD', 'OPTIONS'].includes(sent.method)
    ? undefined
    : textOf(target, sent);
  const token = target.tokens[sent.caller];
  return new Promise((resolve, reject) => {
    const call = request(
      sent.url,
      {
        agent,
        method: sent.method,
        headers: {
          ...(token !== undefined && { 'x-auth-token': token }),
          ...(content !== undefined && { 'content-type': contentTypeOf(route) }),
          'openstack-api-version': `compute 2.${route.version}`,
          ...sent.headers,
          'content-length': Buffer.byteLength(content ?? ''),
        },
      },
      (reply) => {
        if (reply.headers['content-type'] === 'text/event-stream') {
          // It has no end.
          resolve({ status: reply.statusCode ?? 0, body: '', headers: reply.headers });
          reply.on('error', () => undefined).destroy();
          return;
        }
        let body = '';
        reply.setEncoding('utf8').on('data', (part: string) => (body += part));
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, body, headers: reply.headers }),
        );
        reply.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(content);
  });
}

function problemOf(route: FuzzRoute, { method, headers }: HostileRequest, answer: Answer) {
  const { status, body } = answer;
  if (`${body}${JSON.stringify(answer.headers)}`.includes('evil.example"><x>')) {
    return 'the Host header comes back';
  }
  if (status >= 500 && status !== 501 && !body.includes('"PortBindingError"'))
    return `is ${status}`;
  if (status < 400 || method === 'HEAD' || headers['accept'] !== undefined) return undefined;
  return isServiceError(route.service, status, body) ? undefined : 'the body is not of its service';
}

/** Has the body the form that clients of this service read? */
function isServiceError(service: ServiceName, status: number, text: string): boolean {
  let body: Record<string, Record<string, unknown>>;
  try {
    body = JSON.parse(text);
  } catch {
    return false;
  }
  const [[name, error] = ['', {}], ...others] = Object.entries(body);
  if (others.length > 0 || typeof error['message'] !== 'string') return false;
  if (service === 'network' && name === 'NeutronError') return typeof error['type'] === 'string';
  if (name === 'error') return error['code'] === status && typeof error['title'] === 'string';
  return ['compute', 'operator'].includes(service) && error['code'] === status;
}
