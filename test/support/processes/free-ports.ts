/** TCP ports for programs that cannot choose their own. */
import { createServer, type Server } from 'node:net';
import { between } from '../random.ts';

/** Below those that the system gives to outgoing connections: none of these takes one meanwhile. */
const range = { least: 20_000, most: 32_000 };

/** As many ports of 127.0.0.1 on which no program listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Map<number, Server>();
  while (found.size < count) {
    const port = between(Math.random, range.least, range.most);
    const server = await listeningOn(port);
    if (server !== undefined) found.set(port, server);
  }
  await Promise.all(
    [...found.values()].map((server) => new Promise((resolve) => server.close(resolve))),
  );
  return [...found.keys()];
}

/** Undefined: another program listens there. */
function listeningOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
