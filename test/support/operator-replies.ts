/**
 * Checks replies of the operator API against their shapes. `check-replies.ts` checks every request
 * through `fetch`, and the `ComputeWorld` its own.
 */
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { FaultReply } from '#client/shapes/faults.ts';
import { eventStreams, operatorReplies } from '#client/shapes/operator-replies.ts';

/** A reply, with the request that it answers. `url`: absolute or a path. `body`: '' for none. */
export interface SeenReply {
  method: string;
  url: string;
  status: number;
  body: unknown;
}

const prefix = '/novella/v1';

/** Routes whose successes have no shape here: OpenAPI, bytes of images, WebSockets, and consoles. */
const shapeless = [
  /^\/openapi\.json$/,
  /^\/images\/[^/]+\/content$/,
  /^\/host-link$/,
  /^\/host-consoles\//,
  /^\/console(\/|$)/,
];

const routes = Object.entries(operatorReplies as Record<string, TSchema | null>).map(
  ([route, schema]) => {
    const [method = '', path = ''] = route.split(' ');
    const form = new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`);
    return { method, path: form, schema, isEventStream: eventStreams.includes(route) };
  },
);

const compiled = new Map<TSchema, Validator>();

/** Is the URL one of the operator API? */
export function isOperatorUrl(url: string): boolean {
  return pathOf(url).startsWith(`${prefix}/`);
}

/** The differences of the reply from its shape; none for a reply of another API. */
export function wrongInReply(seen: SeenReply): string[] {
  if (!isOperatorUrl(seen.url)) return [];
  const { method, status, body } = seen;
  const path = pathOf(seen.url).slice(prefix.length);
  const named = `${method} ${path} ${status}`;
  // A HEAD is a GET without the body.
  if (method === 'HEAD' || status === 101) return [];
  const isShapeless = shapeless.some((form) => form.test(path));
  // A test of image downloads may use a server that is not a controller.
  if (isShapeless && (status < 400 || body === undefined)) return [];
  if (status >= 400) return findings(named, FaultReply, body);
  const route = routes.find((each) => each.method === method && each.path.test(path));
  if (route === undefined) return [`${named}: no shape is known of it`];
  const { schema } = route;
  if (schema !== null && route.isEventStream) {
    return dataOfEvents(body).flatMap((data) => findings(named, schema, data));
  }
  if (route.schema !== null) return findings(named, route.schema, body);
  return body === '' ? [] : [`${named}: must have no body`];
}

/** Of a stream that was read to its end; none of one that is still open. */
function dataOfEvents(body: unknown): unknown[] {
  const lines = typeof body === 'string' ? body.matchAll(/^data: (.*)$/gm) : [];
  return [...lines].map(([, data = '']) => JSON.parse(data) as unknown);
}

function findings(named: string, schema: TSchema, body: unknown): string[] {
  const validator = compiled.get(schema) ?? Compile(schema);
  compiled.set(schema, validator);
  if (validator.Check(body)) return [];
  // A body that fits no kind of fault fails each of them, which is no help.
  if (schema === FaultReply) return [`${named}: ${JSON.stringify(body)} is no fault`];
  return (
    validator
      .Errors(body)
      // An unknown key is reported a second time, by the object that has it.
      .filter(({ keyword }) => keyword !== 'boolean')
      .map(({ instancePath, message, params }) => {
        const keys = 'additionalProperties' in params ? params.additionalProperties : [];
        return `${named}: ${[instancePath || 'the body', message, ...keys].join(' ')}`;
      })
  );
}

function pathOf(url: string): string {
  return new URL(url, 'http://localhost').pathname;
}
