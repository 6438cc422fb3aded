/** Links between an agent and a controller for tests, in both forms. */
import { isHostRequest } from '#api/agents/host-request.ts';
import { tokenCredential } from '#api/agents/token-credential.ts';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ControllerConnection } from '#contracts/host/identity/controller-connection.ts';
import type { Admission, HostCredential } from '#contracts/host/identity/host-credential.ts';
import type { Log } from '#contracts/log.ts';
import { type AgentEnd, type ControllerEnd } from '#contracts/host/host-link.ts';
import type { ControllerAddresses } from '#integrations/host-link/identity/controller-addresses.ts';
import { type DialTiming, dialController } from '#integrations/host-link/dial.ts';
import { type HostDoor, acceptHostLinks } from '#integrations/host-link/accept-host-links.ts';
import { silentLog } from '../silent-log.ts';

export interface TestDoor {
  url: string;
  door: HostDoor;
  /** Breaks every connection off, as a network does: without a closing handshake. */
  cut(): void;
  close(): Promise<void>;
}

export interface TestDoorOptions {
  admit?: (credential: HostCredential) => Promise<Admission>;
  onLink?: (end: ControllerEnd) => void;
  log?: Log;
  livenessMs?: number;
  port?: number;
}

/**
 * A controller that only accepts links, on a free port; every host is host-1 unless `admit` returns
 * another.
 */
export async function aHostDoor(options: TestDoorOptions = {}): Promise<TestDoor> {
  const shouldUpgradeCallback = (request: IncomingMessage) => isHostRequest(request);
  const server: Server = createServer({ shouldUpgradeCallback }, (_request, response) => {
    response.writeHead(404).end();
  });
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  const { admit = async () => ({ host: 'host-1' }), onLink = () => {}, log = silentLog } = options;
  const { livenessMs } = options;
  const door = acceptHostLinks({
    admit,
    onLink,
    log,
    ...(livenessMs !== undefined && { livenessMs }),
  });
  door.listenOn(server, tokenCredential);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = () => {
    for (const socket of connections) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    door,
    cut,
    async close() {
      await door.close();
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Pauses for tests: none is long. */
export const quickTiming: DialTiming = {
  firstPauseMs: 1,
  longestPauseMs: 20,
  patientPauseMs: 30,
  livenessMs: 2_000,
};

/** How an agent of version 0.2 connects, with a token. */
export function byToken(
  url: string,
  token: () => string = () => 'secret',
): () => Promise<ControllerConnection> {
  return async () => ({ url, headers: { authorization: `Bearer ${token()}` }, tls: {} });
}

/** An agent's side that dials `url`, or one of these addresses. `close` closes the link first. */
export function aDial(
  url: string | ControllerAddresses,
  more: { token?: () => string; onLink?: (end: AgentEnd) => void; log?: Log; timing?: object } = {},
): { close(): Promise<void> } {
  let link: AgentEnd | undefined;
  const dial = dialController({
    host: 'host-1',
    connection: () => byToken(typeof url === 'string' ? url : url.current, more.token)(),
    ...(typeof url !== 'string' && { addresses: url }),
    onLink: (end) => {
      link = end;
      more.onLink?.(end);
    },
    log: more.log ?? silentLog,
    timing: { ...quickTiming, ...more.timing },
  });
  return {
    close: async () => {
      const ended = dial.close();
      link?.close();
      await ended;
    },
  };
}
