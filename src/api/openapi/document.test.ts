/**
 * The OpenAPI document is valid, has each row of the tables once, and its schemas decide as those
 * that check requests. The schema of OpenAPI 3.1 is that of spec.openapis.org, 2026-08-03, as
 * @seriousme/openapi-schema-validator 2.11.0 distributes it for Ajv.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operatorReplies } from '#client/shapes/operator-replies.ts';
import { titleOf } from '#http/routes/route.ts';
import { aComputeWorld, bootBody, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { operatorRoutes } from '../operator/routes.ts';
import { routes } from '../routes.ts';

interface Operation {
  operationId: string;
  parameters: { name?: string; in?: string; required?: boolean; $ref?: string }[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { content?: object; $ref?: string }>;
  'x-openstack': { rows: { action?: string; 'min-ver'?: string; rule: string }[] };
}
interface Schema {
  $ref?: string;
  oneOf?: Schema[];
  [keyword: string]: unknown;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let world: ComputeWorld;
let document: Document;
beforeAll(async () => {
  world = await aComputeWorld();
  document = (await world.ask('GET /novella/v1/openapi.json', { as: null, version: '' })).body;
});
afterAll(() => world.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

function validator() {
  return new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
}

test('the document conforms to OpenAPI 3.1', () => {
  const file = new URL('../../../test/fixtures/openapi/openapi-3.1.schema.json', import.meta.url);
  const validate = validator().compile(JSON.parse(readFileSync(file, 'utf8')));
  validate(document);
  expect(validate.errors).toBe(null);
  validate({ ...document, paths: { ...document.paths, '/x': { get: { parameters: [{}] } } } });
  expect(validate.errors).not.toBe(null);
});

test('each row of the tables is there once, and no other', () => {
  const rows = [
    ...routes.map((row) => `/v2.1 ${titleOf(row)} ${row.from ?? 1}`),
    ...operatorRoutes.map((row) => `/novella/v1 ${titleOf(row)} 1`),
  ];
  const printed = operations().flatMap(({ path, method, operation }) => {
    const [, prefix = '', below = ''] = /^(\/v2\.1|\/novella\/v1)(.*)$/.exec(path) ?? [];
    return operation['x-openstack'].rows.map(({ action, 'min-ver': since = '2.1' }) => {
      const row = { method: method.toUpperCase() as 'GET', path: below, ...(action && { action }) };
      return `${prefix} ${titleOf(row).replaceAll(/\{(\w+)\}/g, ':$1')} ${since.slice(2)}`;
    });
  });
  expect(printed.toSorted()).toEqual(rows.toSorted());
});

test('ids of operations are unique, paths differ in more than names, parameters are declared', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const forms = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
  expect(new Set(forms).size).toBe(forms.length);
  for (const { path, operation } of operations()) {
    const declared = operation.parameters.filter((one) => one.in === 'path');
    expect(declared.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
  }
});

test('every reference leads somewhere, and no component is without one', () => {
  const text = JSON.stringify(document);
  const referred = text.matchAll(/"#\/components\/schemas\/(\w+)"/g);
  const names = [...referred].map(([, name = '']) => name);
  expect(new Set(names)).toEqual(new Set(Object.keys(document.components.schemas)));
  for (const [, kind, name] of text.matchAll(/"#\/components\/(parameters|responses)\/(\w+)"/g)) {
    expect(document.components).toHaveProperty([kind ?? '', name ?? '']);
  }
});

test('every schema is one of JSON Schema 2020-12', () => {
  const ajv = validator();
  const wrong = Object.entries(document.components.schemas).flatMap(([name, schema]) => {
    try {
      ajv.compile(schema);
      return [];
    } catch (error) {
      return [`${name}: ${String(error)}`];
    }
  });
  expect(wrong).toEqual([]);
});

/** The schema of an operation's body, its references replaced. */
function bodySchema(path: string, method: string): Schema {
  const body = document.paths[path]?.[method]?.requestBody?.content['application/json'].schema;
  const found = (schema: Schema): Schema =>
    schema.$ref === undefined
      ? schema
      : (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  return body?.oneOf === undefined ? found(body ?? {}) : { oneOf: body.oneOf.map(found) };
}

test('the schema of a body refuses what the API refuses, and names its rule', async () => {
  const validate = validator().compile(bodySchema('/v2.1/servers', 'post'));
  const port = 'x';
  for (const [body, isRight] of [
    [bootBody(), true],
    [bootBody({ networks: [{ port }] }), false],
    [bootBody({ color: 'red' }), false],
    [{}, false],
  ] as const) {
    expect(validate(body)).toBe(isRight);
    const { status } = await world.ask('POST /v2.1/servers', { body });
    expect(status < 400).toBe(isRight);
  }
  expect(JSON.stringify(bodySchema('/v2.1/servers', 'post'))).toContain('must be a UUID');
});

test('an action is one of those of its path', () => {
  const validate = validator().compile(bodySchema('/v2.1/servers/{id}/action', 'post'));
  expect(validate({ 'os-start': null })).toBe(true);
  expect(validate({ reboot: { type: 'HARD' } })).toBe(true);
  expect(validate({ reboot: { type: 'WARM' } })).toBe(false);
  expect(validate({ 'os-fly': null })).toBe(false);
});

test('a body shows the versions in which it is exactly that', () => {
  const { computePostServersBody: body } = document.components.schemas;
  expect(body?.['x-openstack']).toEqual({ 'min-ver': '2.94', 'max-ver': '2.96' });
});

test('each success of the operator API has the schema of its reply', () => {
  const described = Object.entries(operatorReplies).filter(([, schema]) => schema !== null);
  const replying = operations().filter(
    ({ path, operation }) =>
      path.startsWith('/novella/') &&
      Object.values(operation.responses).some(({ content }) => content !== undefined),
  );
  expect(replying).toHaveLength(described.length);
});

test('it needs no token, is the same below its root, and is the same text each time', async () => {
  const [first, ...others] = await Promise.all(
    ['/openapi.json', '/novella/v1/openapi.json', '/openapi.json'].map((path) =>
      world.app.inject({ method: 'GET', url: path }),
    ),
  );
  expect(first?.statusCode).toBe(200);
  expect(first?.headers['content-type']).toMatch(/^application\/json/);
  for (const other of others) expect(other.payload).toBe(first?.payload);
});
