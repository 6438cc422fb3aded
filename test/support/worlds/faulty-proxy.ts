/** A proxy between Novella and a service that disturbs each call as the test decides. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `lost`: cut before the service gets it. `unanswered`: done by the service, cut before the answer.
 * `withheld`: done, and no answer ever. `half`: cut in the middle of the answer. `busy`: 503
 * without forwarding. `silent`: no answer ever. `corrupt`: one bit of the answer is flipped.
 */
export type Fault = 'lost' | 'unanswered' | 'withheld' | 'half' | 'busy' | 'silent' | 'corrupt';

export interface FaultyProxy {
  /** With the path of the service's. */
  url: string;
  /** The count of each fault. */
  done: Partial<Record<Fault, number>>;
  stop(): Promise<void>;
}

/**
 * Which fault this call meets; undefined: none; a promise holds the call back. Example: `({ method
 * }) => (method === 'GET' ? 'lost' : undefined)`.
 */
export type Mischief = (call: {
  method: string;
  path: string;
}) => Fault | undefined | Promise<Fault | undefined>;

export async function faultyProxy(target: string, mischief: Mischief): Promise<FaultyProxy> {
  const { origin, pathname } = new URL(target);
  const done: FaultyProxy['done'] = {};
  const pass = async (incoming: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = incoming;
    const fault = await mischief({ method, path });
    if (fault !== undefined) done[fault] = (done[fault] ?? 0) + 1;
    if (fault === 'lost') return void reply.destroy();
    if (fault === 'silent') return void incoming.resume();
    if (fault === 'busy') return void reply.writeHead(503).end();
    const passed = request(`${origin}${path}`, { method, headers });
    passed.on('response', (answer) => {
      passBack(answer, reply, fault).catch(() => reply.destroy());
    });
    passed.on('error', () => reply.destroy());
    incoming.pipe(passed);
  };
  const server = createServer((incoming, reply) => {
    pass(incoming, reply).catch(() => reply.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${pathname.replace(/\/$/, '')}`,
    done,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function passBack(
  answer: IncomingMessage,
  reply: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  if (fault === 'unanswered') return void reply.destroy();
  if (fault === 'withheld') return;
  const headers = { ...answer.headers, 'content-length': String(body.length) };
  delete headers['transfer-encoding'];
  if (fault === 'corrupt') body.writeUInt8((body[0] ?? 0) ^ 1, 0);
  reply.writeHead(answer.statusCode ?? 502, headers);
  if (fault !== 'half') return void reply.end(answer.statusCode === 204 ? undefined : body);
  reply.write(body.subarray(0, Math.floor(body.length / 2)), () => reply.destroy());
}
