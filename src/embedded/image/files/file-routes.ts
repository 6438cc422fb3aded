/** `/v2/images/{id}/file`: the bytes of an image, in and out. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Caller } from '#contracts/services/identity.ts';
import { ComputeError } from '#core/errors.ts';
import type { Reply } from '#http/routes/route.ts';
import type { GuardedCall } from '../../route-table.ts';
import { readRange } from './byte-range.ts';
import { knownContent, readContent, uploadContent } from './image-content.ts';
import { findImage, findOwnImage } from '../image-access.ts';
import { bytesType, refuseOtherType } from '../media-types.ts';
import type { ImageContext } from '../images.ts';

type Call = GuardedCall<Caller>;

/** PUT: the bytes of a queued image. */
export async function upload(call: Call, context: ImageContext): Promise<void> {
  try {
    await takeUpload(call, context);
  } catch (error) {
    discardRest(call.request.raw);
    throw error;
  }
}

/** This much of a refused upload is read and discarded; then the connection is closed. */
const mostDiscarded = { bytes: 64 * 1024 ** 2, ms: 10_000 };

/** A client that is still sending would miss the answer if its connection were closed at once. */
function discardRest(raw: IncomingMessage): void {
  if (raw.complete || raw.destroyed) return;
  const end = () => raw.destroy();
  const timer = setTimeout(end, mostDiscarded.ms).unref();
  let bytes = 0;
  raw.on('data', (part: Uint8Array) => {
    bytes += part.length;
    if (bytes > mostDiscarded.bytes) end();
  });
  raw.on('error', () => {});
  raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  raw.resume();
}

async function takeUpload(call: Call, context: ImageContext): Promise<void> {
  const { request } = call;
  refuseOtherType(call, [bytesType]);
  const image = await findOwnImage(context.store, call.caller, call.params['id'] ?? '');
  const announced = request.headers['content-length'];
  try {
    await uploadContent(context, image, {
      // A refusal must reach the client: its connection stays open when the bytes are not read to
      // their end.
      bytes: (request.body as Readable).iterator({ destroyOnReturn: false }),
      ...(announced !== undefined && { announcedBytes: Number(announced) }),
    });
  } catch (cause) {
    if (cause instanceof ComputeError || !request.raw.destroyed) throw cause;
    throw new ComputeError('invalid', `The upload of image ${image.id} was cut off.`, { cause });
  }
}

/** GET: 200, 206 for a range, or 204 while there are no bytes, as in Glance. */
export async function download(call: Call, context: ImageContext): Promise<Reply> {
  const { request, caller } = call;
  const image = await findImage(context.store, caller, call.params['id'] ?? '');
  if (image.status === 'deactivated' && !caller.isAdmin) {
    throw new ComputeError(
      'forbidden',
      `Image ${image.id} is deactivated: only an admin may download it.`,
    );
  }
  const known = knownContent(image);
  if (known === undefined) return { status: 204 };
  const { sizeBytes, md5 } = known;
  const range = readRange(request.headers.range, sizeBytes);
  const headers = { 'content-type': bytesType, 'accept-ranges': 'bytes' };
  const body =
    request.method === 'HEAD' ? Readable.from([]) : await readContent(context, image.id, range);
  if (range === undefined) {
    return { headers: { ...headers, 'content-length': sizeBytes, 'content-md5': md5 }, body };
  }
  const { start, end } = range;
  const part = {
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${sizeBytes}`,
  };
  return { status: 206, headers: { ...headers, ...part }, body };
}
