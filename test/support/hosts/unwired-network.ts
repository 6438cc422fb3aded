/**
 * A network service in front of an embedded one, whose bound ports are DOWN until the test wires
 * them, as a Neutron's are without its agents.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface UnwiredNetwork {
  url: string;
  /** The requests that it got, in order. Example: `GET /v2.0/ports`, without query. */
  calls: string[];
  /** From now on this port is shown with this status. */
  wire(portId: string, status?: 'ACTIVE' | 'ERROR'): void;
  /** Answers 503 until it is switched back. */
  isDown: boolean;
  /**
   * Settles at the next call for which this holds, before it is answered; the answer waits for the
   * returned promise.
   */
  hold(which: (call: string) => boolean): { held: Promise<void>; go: () => void };
  stop(): Promise<void>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever the service answers
type Shown = any;

export async function unwiredNetwork(behind: string): Promise<UnwiredNetwork> {
  const statuses = new Map<string, string>();
  const holds: { which: (call: string) => boolean; held: () => void; until: Promise<void> }[] = [];
  const asShown = (port: Shown): Shown =>
    port.status === 'ACTIVE' ? { ...port, status: statuses.get(port.id) ?? 'DOWN' } : port;
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url = '' } = request;
      const call = `${method} ${url.split('?')[0]}`;
      network.calls.push(call);
      const at = holds.findIndex(({ which }) => which(call));
      const [hold] = at < 0 ? [] : holds.splice(at, 1);
      hold?.held();
      if (network.isDown) {
        response.writeHead(503).end();
        return;
      }
      const body = await bodyOf(request);
      const answer = await fetch(`${behind}${url}`, {
        method,
        headers: {
          'x-auth-token': String(request.headers['x-auth-token']),
          ...(body.length > 0 && { 'content-type': 'application/json' }),
        },
        ...(body.length > 0 && { body }),
      });
      const text = await answer.text();
      const shown = text === '' ? undefined : JSON.parse(text);
      if (shown?.port !== undefined) shown.port = asShown(shown.port);
      if (shown?.ports !== undefined) shown.ports = shown.ports.map(asShown);
      // What was read first is the answer, however late.
      await hold?.until;
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(shown === undefined ? '' : JSON.stringify(shown));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const network: UnwiredNetwork = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: [],
    isDown: false,
    wire: (portId, status = 'ACTIVE') => void statuses.set(portId, status),
    hold(which) {
      const until = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      holds.push({ which, held: held.resolve, until: until.promise });
      return { held: held.promise, go: until.resolve };
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return network;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
