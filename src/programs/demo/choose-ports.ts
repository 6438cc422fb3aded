/**
 * The TCP ports of the demo's services: OpenStack's own, or free ones where another program has
 * those.
 */
import { createServer } from 'node:net';
import type { ServicePorts } from '../config/config.ts';

/** The preferred ports, with 0 ("a free one") and a note for each that is in use. */
export async function choosePorts(
  listen: string,
  wanted: ServicePorts,
): Promise<{ ports: ServicePorts; notes: string[] }> {
  const ports = { ...wanted };
  const notes: string[] = [];
  for (const service of Object.keys(ports) as (keyof ServicePorts)[]) {
    if (await isFree(listen, ports[service])) continue;
    notes.push(
      `Port ${ports[service]} (${service}) belongs to another program: taking a free one.`,
    );
    ports[service] = 0;
  }
  return { ports, notes };
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
