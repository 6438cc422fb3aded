/** A TLS front of a service that speaks plain HTTP, as clouds have it. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Certificate } from './authority.ts';
import { relay } from '../processes/relay.ts';

export interface TlsFront {
  /** Example: `https://127.0.0.1:41234/v3`. */
  url: string;
  stop(): Promise<void>;
}

/** Forwards bytes to the service at this URL; its path stays. */
export async function tlsFront(target: string, certificate: Certificate): Promise<TlsFront> {
  const { hostname, port, pathname } = new URL(target);
  const ends = new Set<Socket>();
  const server = createServer(certificate, (near) => {
    relay(near, connect(Number(port), hostname), ends);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${own}${pathname.replace(/\/$/, '')}`,
    async stop() {
      for (const end of ends) end.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
