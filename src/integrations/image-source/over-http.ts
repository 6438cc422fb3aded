/**
 * Images from the controller over HTTP, with the host's token. Waits for a controller that ends
 * during a download.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ImageContent, ImageSource, ImageUpload } from '#contracts/services/images.ts';
import { ComputeError, type ErrorKind, errorText, isComputeError } from '#core/errors.ts';

export interface HttpImageSourceOptions {
  /** The controller's compute API. Example: `https://cloud.example:8774`. */
  controllerUrl: string;
  /** Returns the host's token, read at each download. */
  token: () => string;
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

/** Source of the headers: `src/api/host-images.ts`. */
export function httpImageSource(options: HttpImageSourceOptions): ImageSource {
  const { controllerUrl, token, timeoutMs = standardTimeoutMs } = options;
  const ask = async (id: string, upload?: ImageUpload): Promise<Response> => {
    const url = `${controllerUrl}/novella/v1/images/${encodeURIComponent(id)}/content`;
    const end = performance.now() + timeoutMs;
    for (;;) {
      try {
        const sent = upload === undefined ? {} : bytesOf(upload);
        return await reach(url, { token: token(), id, sent });
      } catch (error) {
        if (!isComputeError(error, 'unavailable') || performance.now() > end) throw error;
        await pause(askAgainMs);
      }
    }
  };
  const askForImage = async (id: string): Promise<Response> => {
    const response = await ask(id);
    if (response.ok) return response;
    throw await refusalOf(response, id);
  };
  return {
    async open(id) {
      return contentOf(await askForImage(id), id, () => askForImage(id));
    },
    async upload(id, upload) {
      const response = await ask(id, upload);
      if (!response.ok) throw await refusalOf(response, id);
    },
  };
}

interface Sent {
  method?: 'PUT';
  headers?: Record<string, string>;
  body?: ReadableStream;
  duplex?: 'half';
}

function bytesOf({ sizeBytes, open }: ImageUpload): Sent {
  return {
    method: 'PUT',
    headers: {
      'content-type': 'application/octet-stream',
      'x-novella-image-size': String(sizeBytes),
    },
    body: ReadableStream.from(open()),
    duplex: 'half',
  };
}

async function reach(
  url: string,
  { token, id, sent }: { token: string; id: string; sent: Sent },
): Promise<Response> {
  const timeout = new AbortController();
  // An upload takes as long as its bytes.
  const timer =
    sent.body === undefined
      ? setTimeout(() => timeout.abort(new Error('no answer in time')), answerTimeoutMs)
      : undefined;
  try {
    const headers = { ...sent.headers, authorization: `Bearer ${token}` };
    return await fetch(url, { ...sent, headers, signal: timeout.signal });
  } catch (cause) {
    throw new ComputeError('unavailable', `image ${id}: ${url} does not answer (${why(cause)})`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function refusalOf(response: Response, id: string): Promise<ComputeError> {
  const text = await response.text();
  return new ComputeError(
    kinds[response.status] ?? 'unavailable',
    messageIn(text) ?? `image ${id}: the controller answered ${response.status}`,
  );
}

/** Faults have their message under a nested key. */
function messageIn(text: string): string | undefined {
  try {
    const [fault] = Object.values(JSON.parse(text) as Record<string, { message?: unknown } | null>);
    return typeof fault?.message === 'string' ? fault.message : undefined;
  } catch {
    return undefined;
  }
}

/** `again`: repeats the request after a broken download. */
function contentOf(
  { headers, body }: Response,
  id: string,
  again: () => Promise<Response>,
): ImageContent {
  const sizeBytes = Number(headers.get('content-length') ?? Number.NaN);
  const sha512 = headers.get('x-novella-image-sha512');
  const diskFormat = headers.get('x-novella-image-disk-format');
  if (!Number.isSafeInteger(sizeBytes) || sha512 === null || diskFormat === null) {
    throw new ComputeError(
      'unavailable',
      `image ${id}: the answer has no size, hash or format; is it the controller that answers?`,
    );
  }
  return { sizeBytes, sha512, diskFormat, bytes: wholeBody(body, { id, sizeBytes, again }) };
}

interface Wanted {
  id: string;
  sizeBytes: number;
  again: () => Promise<Response>;
}

/**
 * An image never changes: after a break a second answer continues, skipping what is already there.
 */
async function* wholeBody(
  first: AsyncIterable<Uint8Array> | null,
  { id, sizeBytes, again }: Wanted,
): AsyncIterable<Uint8Array> {
  let taken = 0;
  for (let body = first; ; ) {
    const before = taken;
    let cause: unknown;
    try {
      for await (const part of skip(body ?? [], taken)) {
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
    body = (await again()).body;
  }
}

async function* skip(
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  bytes: number,
): AsyncIterable<Uint8Array> {
  let left = bytes;
  for await (const part of parts) {
    if (left < part.length) yield left === 0 ? part : part.subarray(left);
    left = Math.max(0, left - part.length);
  }
}

function why(cause: unknown): string {
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
  return (inner as { code?: string }).code ?? errorText(inner);
}
