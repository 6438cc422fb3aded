/** The endpoints of an all-in-one for consoles: of users, and of the hosts that open them. */
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { consolePath } from '#api/consoles/console-url.ts';
import { acceptConsoles } from '#integrations/console-proxy/accept-consoles.ts';
import { usualConsoleLimits } from '#integrations/console-proxy/console-slots.ts';
import { acceptHostConsoles } from '#integrations/host-link/accept-host-consoles.ts';
import { admitToConsole, deletedOf } from '#workflows/consoles/connect-console.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';
import { admitHost } from './host-door.ts';

export interface ServeConsolesOptions {
  server: Server;
  localHosts: ReadonlySet<string>;
  allowedOrigins: readonly string[];
  log: Logger;
}

/** Serves consoles until it is closed, which closes those that are open. */
export function serveConsoles(
  context: WorkflowContext,
  { server, localHosts, allowedOrigins, log }: ServeConsolesOptions,
): { close(): Promise<void> } {
  const { consoles } = context.links;
  const users = acceptConsoles({
    server,
    path: consolePath,
    admit: (token) => admitToConsole(context, token),
    goneOf: (serverIds) => deletedOf(context, serverIds),
    allowedOrigins,
    limits: usualConsoleLimits,
    log,
  });
  const hosts = acceptHostConsoles({
    server,
    admit: (tokenSha256) => admitHost(context, localHosts, tokenSha256),
    expects: (host, id) => consoles.expects(host, id),
    take: (host, id, stream) => consoles.take(host, id, stream),
    log,
  });
  return {
    async close() {
      await users.close();
      await hosts.close();
    },
  };
}
