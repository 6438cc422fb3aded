/** Calls to one named service: what may be repeated is repeated, and a service that is down is told by name and URL. Knows no token. */
import { setTimeout as pause } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { TimedOut, type Wire, type WireAnswer } from './wire.ts';

export interface ServiceCall {
  /** As people name it. Example: `network`. */
  service: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Base URL of the service. Example: `http://controller:9696`. */
  base: string;
  /** Example: `/v2.0/ports/5f…`. */
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** May the call be made twice? Default: every method but POST. */
  isRepeatable?: boolean;
}

/** An answer that was read whole. `body` undefined: none, or no JSON. */
export interface ServiceAnswer {
  status: number;
  header(name: string): string | undefined;
  body: unknown;
}

/** How often each service was called. Example: `{ 'network GET': 3 }`. Repeated calls count each time. */
export type CallCounts = Record<string, number>;

export interface ServiceCaller {
  /** Any status is an answer. Throws `unavailable` when there is none, or only a gateway's. */
  call(call: ServiceCall): Promise<ServiceAnswer>;
  /** The same, for bytes that are not to be held in memory. The caller must read them to their end, or destroy them. */
  open(call: ServiceCall): Promise<WireAnswer>;
  counts(): CallCounts;
}

export interface CallerOptions {
  wire: Wire;
  /** How long the service of this name may be silent. */
  timeoutMs(service: string): number;
  /** Pauses before the second, third … try. */
  retryPausesMs: readonly number[];
  /** The request that a call is made for, where it is known. Example: `req-5f…`. */
  requestId?: () => string | undefined;
}

/** What a proxy says when there is nobody behind it, and a service that is only starting. */
const gatewayStatuses = [502, 503, 504];

export function createServiceCaller(options: CallerOptions): ServiceCaller {
  const { wire, retryPausesMs, requestId } = options;
  const counts: CallCounts = {};
  const once = async (call: ServiceCall): Promise<WireAnswer> => {
    const { service, method, base, path, headers, body } = call;
    const key = `${service} ${method}`;
    counts[key] = (counts[key] ?? 0) + 1;
    const id = requestId?.();
    return wire.send({
      method,
      url: `${base}${path}`,
      timeoutMs: options.timeoutMs(service),
      headers: {
        accept: 'application/json',
        'user-agent': 'novella',
        ...(id !== undefined && { 'x-openstack-request-id': id }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  };
  const open = async (call: ServiceCall): Promise<WireAnswer> => {
    const isRepeatable = call.isRepeatable ?? call.method !== 'POST';
    for (let tries = 0; ; tries++) {
      const wait = isRepeatable ? retryPausesMs[tries] : undefined;
      try {
        const answer = await once(call);
        if (!gatewayStatuses.includes(answer.status)) return answer;
        answer.bytes.destroy();
        if (wait === undefined) throw down(call, `it answers ${answer.status}`);
      } catch (error) {
        if (isComputeError(error)) throw error;
        if (wait === undefined || error instanceof TimedOut)
          throw down(call, wordsOf(error), error);
      }
      await pause(wait);
    }
  };
  return {
    open,
    async call(call) {
      const answer = await open(call);
      try {
        return { ...answer, body: parsed(await text(answer.bytes)) };
      } catch (error) {
        throw down(call, `its answer breaks off: ${wordsOf(error)}`, error);
      }
    },
    counts: () => ({ ...counts }),
  };
}

/** Example: `network service at http://controller:9696 does not answer: connect ECONNREFUSED 10.0.0.5:9696`. */
function down({ service, base }: ServiceCall, why: string, cause?: unknown): ComputeError {
  return new ComputeError('unavailable', `${service} service at ${base} does not answer: ${why}`, {
    cause,
  });
}

/** Of a name with several addresses Node tells only that all failed. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
