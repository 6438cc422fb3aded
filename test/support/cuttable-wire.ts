/** A wire between an agent and its controller that a test can cut: a relay of bytes that understands none of them. */
import { connect, createServer, type Socket } from 'node:net';

export interface CuttableWire {
  url: string;
  /** Breaks off what is connected now; who dials again is connected again. */
  cut(): void;
  close(): Promise<void>;
}

export async function aWireTo(targetUrl: string): Promise<CuttableWire> {
  const { hostname, port: targetPort } = new URL(targetUrl);
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(targetPort), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        ends.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const end of ends) end.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
