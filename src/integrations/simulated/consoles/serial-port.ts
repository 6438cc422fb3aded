/** The serial console of a simulated guest: a prompt, and an echo of what is typed. */
import type { Duplex } from 'node:stream';
import { Transform, pipeline } from 'node:stream';

/** Serves one connection until it ends. A line end becomes a new prompt. */
export function serveSerial(stream: Duplex, { name }: { name: string }): void {
  const prompt = `${name} login: `;
  stream.write(`\r\nSimulated guest ${name} ttyS0\r\n\r\n${prompt}`);
  const echo = new Transform({
    transform(bytes: Buffer, _encoding, done) {
      done(null, Buffer.from(bytes.toString('latin1').replaceAll('\r', `\r\n${prompt}`), 'latin1'));
    },
  });
  pipeline(stream, echo, stream, () => undefined);
}
