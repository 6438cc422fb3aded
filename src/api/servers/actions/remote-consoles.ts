/**
 * URLs of the consoles of servers: `POST /servers/:id/remote-consoles`, and before 2.6 four
 * actions. Source: Nova compute API reference, "Server consoles".
 */
import type { Static } from 'typebox';
import { ComputeError, invariant } from '#core/errors.ts';
import { type ConsoleType, consoleTypesOf, isOffered } from '#core/servers/console-type.ts';
import * as field from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import { type Call, type Reply, type Route, withBody } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { hidingHosts } from '../read/hiding-hosts.ts';
import { consoleUrl } from '../../consoles/console-url.ts';

const upTo27 = ['vnc', 'spice', 'rdp', 'serial'] as const;
const typesUpTo27 = ['novnc', 'xvpvnc', 'spice-html5', 'rdp-html5', 'serial'] as const;

const from26 = closed({
  remote_console: closed({ protocol: field.oneOf(upTo27), type: field.oneOf(typesUpTo27) }),
});
const from28 = closed({
  remote_console: closed({
    protocol: field.oneOf([...upTo27, 'mks']),
    type: field.oneOf([...typesUpTo27, 'webmks']),
  }),
});
export const remoteConsoleBody = (version: number) => (version < 8 ? from26 : from28);

export async function createRemoteConsole(
  call: Call<Static<typeof from26> | Static<typeof from28>>,
): Promise<Reply> {
  const { protocol, type } = call.body.remote_console;
  const url = await urlOf(call, type, consoleTypesOf(protocol));
  return { body: { remote_console: { protocol, type, url } } };
}

/** The actions of 2.1 to 2.5, by name. */
export const consoleActions: Pick<Route, 'action' | 'body' | 'handler' | 'status'>[] = [
  consoleAction('os-getVNCConsole', consoleTypesOf('vnc')),
  consoleAction('os-getSPICEConsole', consoleTypesOf('spice')),
  consoleAction('os-getRDPConsole', consoleTypesOf('rdp')),
  consoleAction('os-getSerialConsole', consoleTypesOf('serial')),
];

function consoleAction(name: string, types: readonly ConsoleType[]) {
  const body = closed({ [name]: closed({ type: field.oneOf(types) }) });
  const handler = async (call: Call<Static<typeof body>>): Promise<Reply> => {
    const [console] = Object.values(call.body);
    invariant(console, `${name}: a body without its key`);
    const { type } = console;
    return { body: { console: { type, url: await urlOf(call, type, types) } } };
  };
  return { action: name, status: 200, ...withBody(() => body, handler) };
}

/** Of a locked server too: nothing is changed. `ofProtocol`: the types that the protocol has. */
async function urlOf(
  call: Call,
  type: ConsoleType,
  ofProtocol: readonly ConsoleType[],
): Promise<string> {
  const server = await findServer(call);
  if (!ofProtocol.includes(type)) {
    throw new ComputeError(
      'invalid',
      `Invalid console type ${type}: its protocol has ${ofProtocol.join(', ')}.`,
    );
  }
  // Source: Nova `ConsoleTypeUnavailable`.
  if (!isOffered(type)) throw new ComputeError('invalid', `Unavailable console type ${type}.`);
  const { workflows, consoles } = call.context;
  const of = { type, lifetimeMs: consoles.tokenMs };
  const token = await hidingHosts(call, () => workflows.createConsole(server, of));
  return consoleUrl(consoles.url ?? new URL(call.root).origin, type, token);
}
