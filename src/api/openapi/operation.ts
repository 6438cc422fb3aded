/** One method of one path: its rows as an operation of OpenAPI. */
import type { TSchema } from 'typebox';
import { maxVersion, minVersion } from '../requests/negotiate.ts';
import type { Route } from '../requests/route.ts';
import { jsonOf, type JsonObject } from './printed-schema.ts';

/** An API in the document. */
export interface PrintedApi {
  name: 'compute' | 'operator';
  prefix: string;
  /** The schema of a success; undefined: not described, or without a body. */
  replyOf: (row: Route) => TSchema | undefined;
  /** Is the schema that of each event of a stream? Absent: no row is one. */
  isEventStream?: (row: Route) => boolean;
}

/** Rows of one method and path; there are several where they differ in version or action. */
export type AlikeRows = [Route, ...Route[]];

interface Printed {
  operation: JsonObject;
  /** What it refers to, for the components. */
  schemas: JsonObject;
}

/** Example: `/servers/:id` → `/v2.1/servers/{id}`. */
export function pathOf({ prefix }: PrintedApi, { path }: Route): string {
  return `${prefix}${path.replaceAll(/:(\w+)/g, '{$1}')}`;
}

export function operationOf(api: PrintedApi, rows: AlikeRows): Printed {
  const [first] = rows;
  const id = operationId(api, first);
  const body = bodyOf(id, rows);
  const reply = replyOf(api, id, rows);
  return {
    operation: {
      operationId: id,
      tags: [api.name],
      parameters: parametersOf(api, rows),
      ...body.part,
      responses: { ...reply.part, default: { $ref: '#/components/responses/fault' } },
      'x-openstack': { rows: rows.map((row) => rowOf(api, row)) },
    },
    schemas: { ...body.schemas, ...reply.schemas },
  };
}

/** Example: `GET /servers/:id/os-interface` → `computeGetServersIdOsInterface`. */
function operationId({ name }: PrintedApi, { method, path }: Route): string {
  const words = [method.toLowerCase(), ...path.split(/[^A-Za-z0-9]+/)].filter(
    (word) => word !== '',
  );
  return name + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function parametersOf({ name }: PrintedApi, rows: AlikeRows): JsonObject[] {
  const [{ path }] = rows;
  const ofPath = [...path.matchAll(/:(\w+)/g)].map(([, key]) => ({
    name: key,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const keys = new Set(rows.flatMap(({ query = [] }) => query));
  const ofQuery = [...keys].map((key) => ({
    name: key,
    in: 'query',
    schema: { type: 'array', items: { type: 'string' } },
    style: 'form',
    explode: true,
  }));
  const header = name === 'compute' ? [{ $ref: '#/components/parameters/microversion' }] : [];
  return [...ofPath, ...ofQuery, ...header];
}

/** What a call of this row requires; microversions only where the API has them. */
function rowOf({ name }: PrintedApi, row: Route): JsonObject {
  return {
    ...(name === 'compute' && versions(row.from ?? minVersion, row.to ?? maxVersion)),
    rule: row.rule,
    ...(row.action !== undefined && { action: row.action }),
    status: statusOf(row),
  };
}

function versions(from: number, to: number): JsonObject {
  return { 'min-ver': `2.${from}`, 'max-ver': `2.${to}` };
}

interface Part {
  part: JsonObject;
  schemas: JsonObject;
}

function bodyOf(id: string, rows: AlikeRows): Part {
  const taking = rows.filter(({ body, action }) => body !== undefined || action !== undefined);
  const named = taking.map((row, at) => {
    const suffix = row.action ?? (taking.length > 1 ? String(at + 1) : '');
    return { name: `${id}Body${suffix === '' ? '' : `_${suffix.replaceAll(/\W/g, '_')}`}`, row };
  });
  if (named.length === 0) return { part: {}, schemas: {} };
  const references = named.map(({ name }) => ({ $ref: `#/components/schemas/${name}` }));
  const schema = references.length === 1 ? references[0] : { oneOf: references };
  return {
    part: { requestBody: { required: true, content: { 'application/json': { schema } } } },
    schemas: Object.fromEntries(named.map(({ name, row }) => [name, newestBody(row)])),
  };
}

/** As the row's newest version has it, with the first version that has exactly this. */
function newestBody({ body, action = '', from = minVersion, to = maxVersion }: Route): JsonObject {
  if (body === undefined) {
    return { type: 'object', required: [action], properties: { [action]: {} }, maxProperties: 1 };
  }
  const newest = body(to);
  let since = to;
  while (since > from && body(since - 1) === newest) since -= 1;
  return { ...jsonOf(newest), 'x-openstack': versions(since, to) };
}

function replyOf(api: PrintedApi, id: string, [first, ...others]: AlikeRows): Part {
  const schema = api.replyOf(first);
  const name = `${id}Reply`;
  const type = api.isEventStream?.(first) === true ? 'text/event-stream' : 'application/json';
  const content = { [type]: { schema: { $ref: `#/components/schemas/${name}` } } };
  const statuses = new Set([first, ...others].map(statusOf));
  return {
    part: Object.fromEntries(
      [...statuses].map((status) => [
        status,
        { description: meaningOf(status), ...(schema !== undefined && { content }) },
      ]),
    ),
    schemas: schema === undefined ? {} : { [name]: jsonOf(schema) },
  };
}

/** As the newest version of the row has it. Example: `202`. */
function statusOf({ handler, status = 200, to = maxVersion }: Route): string {
  if (handler === undefined) return '501';
  return String(typeof status === 'function' ? status({ version: to }) : status);
}

function meaningOf(status: string): string {
  if (status === '501') return 'Not offered';
  if (status === '410') return 'Removed';
  return status === '202' ? 'Accepted' : 'Done';
}
