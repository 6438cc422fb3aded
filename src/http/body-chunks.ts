/**
 * Bodies sent in chunks (`Transfer-Encoding: chunked`): each chunk costs time, however few bytes it
 * has.
 */
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ComputeError } from '#core/errors.ts';

/** Any body may have this many chunks. */
const alwaysAllowed = 1_000;
/** And one more for this many bytes. Clients send 4 KiB and more in each. */
const bytesForOne = 256;
/** And this many more per second: chunks this slow delay no other request. */
const perSecond = 100;

/**
 * Refuses a body in tiny chunks with `invalid`: a million chunks of one byte, 6 MB on the wire,
 * took seconds of processor time. The connection of a body that is not read to its end is closed,
 * for skipping chunks takes time as well. Must be on the app before other hooks that watch a body.
 */
export function refuseTinyChunks(app: FastifyInstance): void {
  app.addHook('preParsing', (request: FastifyRequest, _reply, payload, done) => {
    done(null, isChunked(request) ? counted(request.raw) : payload);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (isChunked(request) && !request.raw.complete) reply.header('connection', 'close');
    done(null, payload);
  });
}

const isChunked = ({ headers }: FastifyRequest) => headers['transfer-encoding'] !== undefined;

function counted(body: IncomingMessage): Transform {
  const began = performance.now();
  let [chunks, bytes] = [0, 0];
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks += 1;
      bytes += chunk.length;
      const seconds = (performance.now() - began) / 1000;
      const allowed = alwaysAllowed + bytes / bytesForOne + seconds * perSecond;
      if (chunks <= allowed) return done(null, chunk);
      // Now, not when the error is emitted: the rest of what was read is still being handed over.
      body.unpipe(counter);
      done(new ComputeError('invalid', tooTiny(chunks, bytes)));
    },
  });
  // Where no route reads the body there is no listener, and an error without a listener ends the
  // process.
  counter.on('error', () => {});
  body.once('error', (error) => counter.destroy(error));
  return body.pipe(counter);
}

function tooTiny(chunks: number, bytes: number): string {
  return `The request body comes in chunks that are too small: ${chunks} of them have ${bytes} bytes. Send ${bytesForOne} bytes or more in each.`;
}
