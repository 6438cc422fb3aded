/**
 * The requests of a hostile client: every route, corrupted here and there. Only fast-check's seed
 * chooses.
 */
import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  dictionary,
  nat,
  oneof,
  option,
  record,
  string,
} from 'fast-check';
import type { FuzzRoute } from './routes.ts';

export const callers = ['none', 'garbage', 'reader', 'member', 'admin', 'service'] as const;
export type Caller = (typeof callers)[number];

/** One request; ids and other real values are filled in when it is sent. */
export interface HostileRequest {
  method: string;
  caller: Caller;
  /** For each parameter of the path: the number of a real id, or a text. */
  params: (number | string)[];
  query: string;
  headers: Record<string, string>;
  body: unknown;
  /** Sent as it is, instead of the body. */
  text: string | null;
}

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let at = 0; at < levels; at += 1) value = at % 2 === 0 ? [value] : { a: value };
  return value;
};

const texts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '😀',
  '世界',
  '\ud800',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '%00',
  "'; drop table instances; --",
  '<x>&"',
  '$(id)',
  'a'.repeat(300),
  'é'.repeat(70_000),
  '-1',
  '1e308',
  '9223372036854775808',
  'a*a*a*a*b',
  '(a+)+$',
  'None',
  'true',
  '10.0.0.0/8',
  '::1',
  '00000000-0000-0000-0000-000000000000',
];

const hostileText = oneof(constantFrom(...texts), string({ maxLength: 40 }));
const atom: Arbitrary<unknown> = oneof(
  hostileText,
  constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    0.5,
    65_536,
    2 ** 31,
    2 ** 53 + 2,
    2 ** 63,
    1e308,
    -1e308,
    [],
    {},
    [null],
    deep(70),
    deep(3_000),
    Array.from({ length: 3_000 }, () => 'x'),
    Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`k${at}`, 'v'])),
  ),
  dictionary(hostileText, hostileText, { maxKeys: 3 }),
);

/** Places of a body, each to be replaced, removed, repeated, or given one more key. */
const spoils = array(
  record({
    place: nat(1_000),
    how: constantFrom('set', 'remove', 'add', 'repeat'),
    key: hostileText,
    atom,
  }),
  { maxLength: 2 },
);
type Spoil = { place: number; how: string; key: string; atom: unknown };

const query = array(
  record({
    key: constantFrom(
      ...['limit', 'marker', 'offset', 'sort_key', 'sort_dir', 'name', 'ip', 'status', 'fields'],
      ...['all_tenants', 'deleted', 'changes-since', 'tags', 'is_public', 'minRam', 'sort', 'id'],
      ...['tenant_id', 'project_id', 'size_min', 'fixed_ips', 'tag', 'host', '__proto__', 'x'],
    ),
    value: oneof(hostileText, constantFrom('1', 'name', 'asc', 'name:asc', 'in:a,"b"')),
  }),
  { maxLength: 3 },
).map((pairs) =>
  pairs.map(({ key, value }) => `${encoded(key)}=${encoded(value.slice(0, 300))}`).join('&'),
);

const headers = oneof(
  { weight: 6, arbitrary: constant({}) },
  {
    weight: 1,
    arbitrary: constantFrom<Record<string, string>>(
      { 'openstack-api-version': 'compute latest' },
      { 'openstack-api-version': 'compute 2.1' },
      { 'openstack-api-version': 'compute 9.9' },
      { 'openstack-api-version': 'compute 2.x' },
      { 'x-openstack-nova-api-version': '2.60' },
      { host: 'evil.example"><x>' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/octet-stream' },
      { 'x-subject-token': 'x' },
      { accept: 'text/html' },
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' },
    ),
  },
);

/** Requests of this route. */
export function hostileRequests(route: FuzzRoute): Arbitrary<HostileRequest> {
  const count = route.path.split('/').filter((part) => part.startsWith(':')).length;
  const param = oneof({ weight: 4, arbitrary: nat(100) }, { weight: 1, arbitrary: hostileText });
  const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
  return record({
    method: oneof(
      { weight: 12, arbitrary: constant(route.method) },
      { weight: 1, arbitrary: constantFrom(...others) },
    ),
    caller: oneof(
      { weight: 3, arbitrary: constant<Caller>('admin') },
      { weight: 1, arbitrary: constantFrom<Caller>(...callers) },
    ),
    params: array(param, { minLength: count, maxLength: count }),
    query: oneof({ weight: 2, arbitrary: constant('') }, { weight: 1, arbitrary: query }),
    headers,
    body: oneof(
      { weight: 1, arbitrary: constant(route.body) },
      { weight: 2, arbitrary: spoils.map((all) => all.reduce(spoilt, route.body)) },
    ),
    text: option(
      constantFrom('', '{', '[]', 'null', '"x"', '\u0000', '{"a":1,}', '['.repeat(9_000)),
      {
        freq: 12,
      },
    ),
  });
}

function spoilt(body: unknown, { place, how, key, atom: value }: Spoil): unknown {
  const places = placesOf(body);
  const path = places[place % places.length] ?? [];
  return changedAt(body, path, (old) => {
    if (how === 'remove') return undefined;
    if (how === 'repeat') return Array.from({ length: 50 }, () => old).flat();
    if (how === 'add' && typeof old === 'object' && old !== null && !Array.isArray(old)) {
      return Object.fromEntries([...Object.entries(old), [key, value]]);
    }
    return value;
  });
}

function placesOf(body: unknown, path: string[] = []): string[][] {
  // What was corrupted already may be deep.
  if (typeof body !== 'object' || body === null || path.length > 8) return [path];
  return [path, ...Object.entries(body).flatMap(([key, value]) => placesOf(value, [...path, key]))];
}

function changedAt(body: unknown, path: string[], change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof body !== 'object' || body === null) return change(body);
  const entries = Object.entries(body).map(([name, value]): [string, unknown] => [
    name,
    name === key ? changedAt(value, rest, change) : value,
  ]);
  return Array.isArray(body) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
