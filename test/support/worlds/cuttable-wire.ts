/**
 * A connection between an agent and its controller that a test can cut: a relay of bytes that
 * interprets none of them.
 */
import { connect, createServer, type Socket } from 'node:net';
import { relay } from '../processes/relay.ts';

export interface CuttableWire {
  url: string;
  /** Breaks existing connections; a new one is connected again. */
  cut(): void;
  close(): Promise<void>;
}

export async function aWireTo(targetUrl: string): Promise<CuttableWire> {
  const { protocol, hostname, port: targetPort } = new URL(targetUrl);
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    relay(near, connect(Number(targetPort), hostname), ends);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const end of ends) end.destroy();
  };
  return {
    url: `${protocol}//127.0.0.1:${port}`,
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
