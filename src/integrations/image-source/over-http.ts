/**
 * Images from the controller over HTTP, with the host's certificate. Waits for a controller that
 * ends during a download.
 */
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import type { ImageContent, ImageSource, ImageUpload } from '#contracts/services/images.ts';
import { outgoingRequestId } from '#runtime/messages/current-request.ts';
import { faultMessage } from '#runtime/messages/fault-message.ts';
import { ComputeError, type ErrorKind, errorText, isComputeError } from '#core/errors.ts';

export interface HttpImageSourceOptions {
  /** How to connect, at each download. Throws what prevents it. */
  connection: () => Promise<ControllerConnection>;
  /**
   * How long to wait for a controller that does not answer: it may only be restarting. Default: a
   * minute.
   */
  timeoutMs?: number;
}

const standardTimeoutMs = 60_000;
const askAgainMs = 500;

/** How long the controller may take to begin its answer. */
const answerTimeoutMs = 30_000;

const kinds: Record<number, ErrorKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  413: 'tooLarge',
};

/** Source of the headers: `src/api/agents/images.ts`. */
export function httpImageSource(options: HttpImageSourceOptions): ImageSource {
  const { connection, timeoutMs = standardTimeoutMs } = options;
  const ask = async (id: string, upload?: ImageUpload): Promise<IncomingMessage> => {
    const end = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await reach(await connection(), { id, upload });
      } catch (error) {
        if (!isComputeError(error, 'unavailable') || performance.now() > end) throw error;
        await pause(askAgainMs);
      }
    }
  };
  const askForImage = async (id: string): Promise<IncomingMessage> => {
    const response = await ask(id);
    if (response.statusCode === 200) return response;
    throw await refusalOf(response, id);
  };
  return {
    async open(id) {
      return contentOf(await askForImage(id), id, () => askForImage(id));
    },
    async upload(id, upload) {
      const response = await ask(id, upload);
      if (response.statusCode !== 204) throw await refusalOf(response, id);
      response.resume();
    },
  };
}

function reach(
  { url: controllerUrl, headers, tls }: ControllerConnection,
  { id, upload }: { id: string; upload: ImageUpload | undefined },
): Promise<IncomingMessage> {
  const url = new URL(`/novella/v1/images/${encodeURIComponent(id)}/content`, controllerUrl);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const uploading = {
    'content-type': 'application/octet-stream',
    'x-novella-image-size': String(upload?.sizeBytes),
  };
  const requestId = outgoingRequestId();
  return new Promise((resolve, reject) => {
    const call = request(url, {
      ...tls,
      agent: false,
      method: upload === undefined ? 'GET' : 'PUT',
      headers: {
        ...headers,
        ...(requestId !== undefined && { 'x-openstack-request-id': requestId }),
        ...(upload !== undefined && uploading),
      },
    });
    // An upload takes as long as its bytes.
    const timer =
      upload === undefined
        ? setTimeout(() => call.destroy(new Error('no answer in time')), answerTimeoutMs)
        : undefined;
    call.on('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    call.on('error', (cause) => {
      clearTimeout(timer);
      reject(
        new ComputeError(
          'unavailable',
          `image ${id}: ${url.href} does not answer (${why(cause)})`,
          {
            cause,
          },
        ),
      );
    });
    if (upload === undefined) call.end();
    else
      Readable.from(upload.open())
        .on('error', (error) => call.destroy(error))
        .pipe(call);
  });
}

async function refusalOf(response: IncomingMessage, id: string): Promise<ComputeError> {
  const text = await textOf(response);
  const { statusCode = 0 } = response;
  return new ComputeError(
    kinds[statusCode] ?? 'unavailable',
    faultMessage(text) ?? `image ${id}: the controller answered ${statusCode}`,
  );
}

/** `again`: repeats the request after a broken download. */
function contentOf(
  response: IncomingMessage,
  id: string,
  again: () => Promise<IncomingMessage>,
): ImageContent {
  const { headers } = response;
  const sizeBytes = Number(headers['content-length'] ?? Number.NaN);
  const sha512 = headers['x-novella-image-sha512'];
  const diskFormat = headers['x-novella-image-disk-format'];
  if (
    !Number.isSafeInteger(sizeBytes) ||
    typeof sha512 !== 'string' ||
    typeof diskFormat !== 'string'
  ) {
    throw new ComputeError(
      'unavailable',
      `image ${id}: the answer has no size, hash or format; is it the controller that answers?`,
    );
  }
  return { sizeBytes, sha512, diskFormat, bytes: wholeBody(response, { id, sizeBytes, again }) };
}

interface Wanted {
  id: string;
  sizeBytes: number;
  again: () => Promise<IncomingMessage>;
}

/**
 * An image never changes: after a break a second answer continues, skipping what is already there.
 */
async function* wholeBody(
  first: AsyncIterable<Uint8Array>,
  { id, sizeBytes, again }: Wanted,
): AsyncIterable<Uint8Array> {
  let taken = 0;
  for (let body = first; ; ) {
    const before = taken;
    let cause: unknown;
    try {
      for await (const part of skip(body, taken)) {
        taken += part.length;
        yield part;
      }
    } catch (error) {
      cause = error;
    }
    if (taken === sizeBytes) return;
    // An answer that gets shorter, or exceeds its announced length, is not a broken download.
    if (taken > sizeBytes || (body !== first && taken === before)) {
      throw new ComputeError(
        'unavailable',
        `image ${id}: the download was cut off after ${taken} of ${sizeBytes} bytes`,
        { cause },
      );
    }
    body = await again();
  }
}

async function* skip(parts: AsyncIterable<Uint8Array>, bytes: number): AsyncIterable<Uint8Array> {
  let left = bytes;
  for await (const part of parts) {
    if (left < part.length) yield left === 0 ? part : part.subarray(left);
    left = Math.max(0, left - part.length);
  }
}

function why(cause: unknown): string {
  return (cause as { code?: string }).code ?? errorText(cause);
}
