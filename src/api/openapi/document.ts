/**
 * The OpenAPI document of the compute API and the operator API, printed from the tables of routes
 * and from the schemas that check bodies and replies: there is no second description.
 */
import { FaultReply } from '#client/shapes/faults.ts';
import { eventStreams, operatorReplies } from '#client/shapes/operator-replies.ts';
import type { TSchema } from 'typebox';
import { operatorRoutes } from '../operator/routes.ts';
import { maxVersion, minVersion } from '../requests/negotiate.ts';
import type { Route } from '../requests/route.ts';
import { routes } from '../routes.ts';
import { operationOf, pathOf, type PrintedApi } from './operation.ts';
import { jsonOf, type JsonObject } from './printed-schema.ts';

const replies = operatorReplies as Record<string, TSchema | null>;

const apis: readonly (PrintedApi & { routes: readonly Route[] })[] = [
  { name: 'compute', prefix: '/v2.1', routes, replyOf: () => undefined },
  {
    name: 'operator',
    prefix: '/novella/v1',
    routes: operatorRoutes,
    replyOf: ({ method, path }) => replies[`${method} ${path}`] ?? undefined,
    isEventStream: ({ method, path }) => eventStreams.includes(`${method} ${path}`),
  },
];

/** The whole document. Source: OpenAPI 3.1.1; `x-openstack` as in OpenStack's own documents. */
export function openApiDocument(): JsonObject {
  const schemas: JsonObject = { Fault: jsonOf(FaultReply) };
  const paths: Record<string, JsonObject> = {};
  for (const { routes: rows, ...api } of apis) {
    for (const ofPath of Map.groupBy(rows, ({ path }) => path).values()) {
      for (const alike of Map.groupBy(ofPath, ({ method }) => method).values()) {
        const [first] = alike;
        if (first === undefined) continue;
        const printed = operationOf(api, [first, ...alike.slice(1)]);
        Object.assign(schemas, printed.schemas);
        (paths[pathOf(api, first)] ??= {})[first.method.toLowerCase()] = printed.operation;
      }
    }
  }
  return { ...head, paths, components: { ...components, schemas } };
}

const head = {
  openapi: '3.1.1',
  info: {
    title: 'Novella: compute API and operator API',
    version: `2.${maxVersion}`,
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    description: [
      'The compute API of OpenStack, and the operator API of Novella below /novella/v1, which is for administrators.',
      `The compute API has the microversions 2.${minVersion} to 2.${maxVersion}; without a header a request is of 2.${minVersion}.`,
      'A body is shown as its newest microversion has it; `x-openstack` names the versions in which it is that, and those that have the call at all.',
    ].join(' '),
  },
  servers: [{ url: '/', description: 'The compute service' }],
  security: [{ token: [] }],
  tags: [
    { name: 'compute', description: 'Below /v2.1. A project id may stand before each path.' },
    { name: 'operator', description: 'Below /novella/v1, for administrators' },
  ],
};

const components = {
  securitySchemes: {
    token: {
      type: 'apiKey',
      in: 'header',
      name: 'X-Auth-Token',
      description: 'A token of the identity service',
    },
  },
  parameters: {
    microversion: {
      name: 'OpenStack-API-Version',
      in: 'header',
      description: 'Example: `compute 2.96`; `compute latest` is the highest.',
      schema: { type: 'string' },
    },
  },
  responses: {
    fault: {
      description: 'An error: status, message, and the name of the fault',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Fault' } } },
    },
  },
};

let printed: string | undefined;

/** The document as text, printed once. */
export function openApiText(): string {
  printed ??= JSON.stringify(openApiDocument());
  return printed;
}
