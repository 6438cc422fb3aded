/** Images from the controller over HTTP, with the host's token. */
import type { ImageContent, ImageSource } from '#contracts/images.ts';
import { ComputeError, type ErrorKind } from '#core/errors.ts';

export interface HttpImageSourceOptions {
  /** The controller's compute API. Example: `https://cloud.example:8774`. */
  controllerUrl: string;
  /** The host's token, asked for at each download. */
  token: () => string;
}

/** How long the controller may take to begin with its answer. */
const answerTimeoutMs = 30_000;

const kinds: Record<number, ErrorKind> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
};

/** Source of the headers: `src/api/host-images.ts`. */
export function httpImageSource(options: HttpImageSourceOptions): ImageSource {
  return {
    async open(id) {
      const url = `${options.controllerUrl}/novella/v1/images/${encodeURIComponent(id)}/content`;
      const response = await reach(url, options.token(), id);
      if (!response.ok) throw await refusalOf(response, id);
      return contentOf(response, id);
    },
  };
}

async function reach(url: string, token: string, id: string): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error('no answer in time')), answerTimeoutMs);
  try {
    const headers = { authorization: `Bearer ${token}` };
    return await fetch(url, { headers, signal: patience.signal });
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

/** Faults have their message under a key of their own. */
function messageIn(text: string): string | undefined {
  try {
    const [fault] = Object.values(JSON.parse(text) as Record<string, { message?: unknown } | null>);
    return typeof fault?.message === 'string' ? fault.message : undefined;
  } catch {
    return undefined;
  }
}

function contentOf({ headers, body }: Response, id: string): ImageContent {
  const sizeBytes = Number(headers.get('content-length') ?? Number.NaN);
  const sha512 = headers.get('x-novella-image-sha512');
  const diskFormat = headers.get('x-novella-image-disk-format');
  if (!Number.isSafeInteger(sizeBytes) || sha512 === null || diskFormat === null) {
    throw new ComputeError(
      'unavailable',
      `image ${id}: the answer has no size, hash or format; is it the controller that answers?`,
    );
  }
  return { sizeBytes, sha512, diskFormat, bytes: wholeBody(body, { id, sizeBytes }) };
}

async function* wholeBody(
  body: AsyncIterable<Uint8Array> | null,
  { id, sizeBytes }: { id: string; sizeBytes: number },
): AsyncIterable<Uint8Array> {
  let taken = 0;
  const brokenOff = (cause?: unknown) =>
    new ComputeError(
      'unavailable',
      `image ${id}: the download broke off after ${taken} of ${sizeBytes} bytes`,
      { cause },
    );
  try {
    for await (const part of body ?? []) {
      taken += part.length;
      yield part;
    }
  } catch (cause) {
    throw brokenOff(cause);
  }
  if (taken !== sizeBytes) throw brokenOff();
}

function why(cause: unknown): string {
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
  return (
    (inner as { code?: string }).code ?? (inner instanceof Error ? inner.message : String(inner))
  );
}
