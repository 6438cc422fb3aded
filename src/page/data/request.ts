/**
 * The requests of the page. The cookie has the token; replies are typed by the routes of the
 * operator API.
 */
import type { OperatorReply, OperatorRoute } from '#client/shapes/operator-replies.ts';
import { pageHeader } from '#core/access/page-header.ts';

type PathOf<Method extends string> = OperatorRoute extends infer Route
  ? Route extends `${Method} ${infer Path}`
    ? Path
    : never
  : never;

/** What a request was answered, where it is no success. `status` 0: there was no answer. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** Parts of the path by name, keys of the query, and a signal that ends the request. */
interface Where {
  path?: Record<string, string>;
  query?: Record<string, string | undefined>;
  signal?: AbortSignal | undefined;
}

/**
 * A call of the operator API. Throws a `Refusal`. Example: `get('/hosts/:name', { path: { name:
 * 'host-1' } })`.
 */
export async function get<Path extends PathOf<'GET'>>(
  path: Path,
  { signal, ...where }: Where = {},
): Promise<OperatorReply<`GET ${Path}`>> {
  return fetchJson(`/novella/v1${filled(path, where)}`, { signal });
}

/** The same with a body. Example: `post('/what-if', { body: { flavor: { id: '2' } } })`. */
export async function post<Path extends PathOf<'POST'>>(
  path: Path,
  { body, signal, ...where }: Where & { body: unknown },
): Promise<OperatorReply<`POST ${Path}`>> {
  return fetchJson(`/novella/v1${filled(path, where)}`, { method: 'POST', body, signal });
}

/** Any call of the compute service; undefined where the answer has no body. */
export async function fetchJson<Reply>(
  url: string,
  { method = 'GET', body, headers = {}, signal }: Request = {},
): Promise<Reply> {
  const answer = await send(url, {
    method,
    headers: {
      accept: 'application/json',
      [pageHeader.name]: pageHeader.value,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  if (!answer.ok) throw await refusalOf(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as Reply;
}

/** Throws a `Refusal` where there is no answer. A request that was ended throws `AbortError`. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new Refusal(0, 'The controller does not answer.');
  }
}

/** The message of a fault body, whatever its name. */
export async function refusalOf(answer: Response): Promise<Refusal> {
  const body: unknown = await answer.json().catch(() => undefined);
  const [fault] = typeof body === 'object' && body !== null ? Object.values(body) : [];
  const { message } = (fault ?? {}) as { message?: unknown };
  const text = typeof message === 'string' ? message : `The controller answers ${answer.status}.`;
  return new Refusal(answer.status, text);
}

function filled(path: string, { path: parts = {}, query = {} }: Where): string {
  const whole = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(parts[name] ?? ''),
  );
  const given = Object.entries(query).filter((pair): pair is [string, string] => {
    const [, value] = pair;
    return value !== undefined && value !== '';
  });
  return given.length === 0 ? whole : `${whole}?${new URLSearchParams(given).toString()}`;
}
