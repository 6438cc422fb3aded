/** The endpoint of an all-in-one for the consoles of servers. */
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { consolePath } from '#api/consoles/console-url.ts';
import { acceptConsoles } from '#integrations/console-proxy/accept-consoles.ts';
import { usualConsoleLimits } from '#integrations/console-proxy/console-slots.ts';
import { admitToConsole, deletedOf } from '#workflows/consoles/connect-console.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';

export interface ServeConsolesOptions {
  server: Server;
  allowedOrigins: readonly string[];
  log: Logger;
}

/** Serves users' consoles until it is closed, which closes those that are open. */
export function serveConsoles(
  context: WorkflowContext,
  { server, allowedOrigins, log }: ServeConsolesOptions,
): { close(): Promise<void> } {
  return acceptConsoles({
    server,
    path: consolePath,
    admit: (token) => admitToConsole(context, token),
    goneOf: (serverIds) => deletedOf(context, serverIds),
    allowedOrigins,
    limits: usualConsoleLimits,
    log,
  });
}
