/**
 * Calls to one named service: retries what may be repeated, and reports an unavailable service with
 * its URL. Handles no tokens.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ComputeError, errorText, isComputeError } from '#core/errors.ts';
import { tlsFailureReason, type Trust } from '#core/tls-failure.ts';
import { type Retries, retryPauseMs } from '#runtime/backoff.ts';
import { gatewayStatuses, waitAfter } from './repeat.ts';
import { type AnswerLimits, readWhole, TooLong } from './whole-answer.ts';
import { TimedOut, type HttpTransport, type WireAnswer } from './http-transport.ts';

export interface ServiceCall {
  /** Name for messages. Example: `network`. */
  service: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Base URL of the service. Example: `http://controller:9696`. */
  base: string;
  /** Example: `/v2.0/ports/5f…`. */
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Instead of a body; the call is not repeated. */
  upload?: { sizeBytes: number; open: () => AsyncIterable<Uint8Array> };
  /** Whether the call may be made twice. Default: every method but POST. */
  isRepeatable?: boolean;
}

/** An answer read completely. `body` undefined: none, or no JSON. */
export interface ServiceAnswer {
  status: number;
  header(name: string): string | undefined;
  body: unknown;
}

/** How often each service was called. Example: `{ 'network GET': 3 }`. Each retry counts. */
export type CallCounts = Record<string, number>;

export interface ServiceCaller {
  /** Resolves for any status. Throws `unavailable` without an answer, or with a gateway's. */
  call(call: ServiceCall): Promise<ServiceAnswer>;
  /**
   * The same, for bytes that must not be held in memory, on a dedicated connection. The caller must
   * read them to the end, or destroy them.
   */
  open(call: ServiceCall): Promise<WireAnswer>;
  counts(): CallCounts;
}

export interface CallerOptions {
  wire: HttpTransport;
  limits: AnswerLimits;
  trust: Trust;
  retries: Retries;
  /** The request that a call is made for, where known. Example: `req-5f…`. */
  requestId?: () => string | undefined;
}

/**
 * Calls to services. After a broken connection or an answer such as 503, a repeatable call is
 * retried. A POST has a dedicated connection: if the peer were closing a pooled one, it would be
 * unknown whether it had processed the request.
 */
export function createServiceCaller(options: CallerOptions): ServiceCaller {
  const { wire, retries, requestId, limits } = options;
  const counts: CallCounts = {};
  const once = async (call: ServiceCall, isAlone: boolean): Promise<WireAnswer> => {
    const { service, method, base, path, headers, body, upload } = call;
    const key = `${service} ${method}`;
    counts[key] = (counts[key] ?? 0) + 1;
    const id = requestId?.();
    return wire.send({
      method,
      url: `${base}${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': 'novella',
        ...(id !== undefined && { 'x-openstack-request-id': id }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(upload !== undefined && {
          'content-type': 'application/octet-stream',
          'content-length': String(upload.sizeBytes),
        }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(upload !== undefined && { stream: upload.open() }),
      dedicatedConnection: isAlone,
    });
  };
  const exchange = async <Read>(
    call: ServiceCall,
    isAlone: boolean,
    read: (answer: WireAnswer) => Promise<Read>,
  ): Promise<Read> => {
    const isRepeatable = call.isRepeatable ?? (call.method !== 'POST' && call.upload === undefined);
    for (let failures = 0; ; failures++) {
      const pauseMs = retryPauseMs(retries, failures);
      let waitMs: number | undefined;
      try {
        const answer = await once(call, isAlone);
        waitMs = waitAfter(answer, { isRepeatable, pauseMs });
        if (waitMs === undefined && !gatewayStatuses.includes(answer.status)) {
          return await read(answer);
        }
        answer.bytes.destroy();
        if (waitMs === undefined) throw down(call, `it answers ${answer.status}`);
      } catch (error) {
        if (isComputeError(error)) throw error;
        const distrust = tlsFailureReason(error, options.trust);
        if (distrust !== undefined) throw notTrusted(call, distrust, error);
        const isFinal = error instanceof TimedOut || error instanceof TooLong;
        if (isFinal || !isRepeatable || pauseMs === undefined) {
          throw down(call, reasonOf(error), error);
        }
        waitMs = pauseMs;
      }
      await pause(waitMs);
    }
  };
  return {
    open: (call) => exchange(call, true, async (answer) => answer),
    call: (call) =>
      exchange(call, call.method === 'POST' || call.upload !== undefined, async (answer) => ({
        ...answer,
        body: parsed(await whole(answer, limits)),
      })),
    counts: () => ({ ...counts }),
  };
}

async function whole({ bytes }: WireAnswer, limits: AnswerLimits): Promise<string> {
  try {
    return await readWhole(bytes, limits);
  } catch (error) {
    if (error instanceof Error) error.message = `its reply was cut off: ${error.message}`;
    throw error;
  }
}

/**
 * Example: `network service at http://controller:9696 does not answer: connect ECONNREFUSED
 * 10.0.0.5:9696`.
 */
function down({ service, base }: ServiceCall, why: string, cause?: unknown): ComputeError {
  return new ComputeError('unavailable', `${service} service at ${base} does not answer: ${why}`, {
    cause,
  });
}

/**
 * Example: `identity service at https://controller:5000/v3 is not trusted: its certificate has
 * expired`.
 */
function notTrusted({ service, base }: ServiceCall, why: string, cause: unknown): ComputeError {
  return new ComputeError('unavailable', `${service} service at ${base} is not trusted: ${why}`, {
    cause,
  });
}

/** For a name with several addresses Node's message is only that all failed. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return errorText(error);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
