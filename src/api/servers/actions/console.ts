/** What a server wrote to its console: the action `os-getConsoleOutput`. */
import { type Static, Type } from 'typebox';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { hidingHosts } from '../read/hiding-hosts.ts';

/** -1 is all, as is no length. Clients send it as a number or as text. */
const length = Type.Union([
  Type.Null(),
  Type.Integer({ minimum: -1, maximum: 0x7fffffff }),
  Type.String({ pattern: '^(-1|[0-9]{1,9})$', rule: 'must be -1 or a whole number' }),
]);
const body = closed({ 'os-getConsoleOutput': closed({ length: Type.Optional(length) }) });
export const consoleBody = () => body;

/**
 * What no text document may have: control characters but line ends and tabs. Source: Nova,
 * `console_output.py`.
 */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlCharacters = /[\u0000-\u0008\u000b-\u001f]/g;

/** Of a locked server too: reading changes nothing. */
export async function showConsole(call: Call<Static<typeof body>>): Promise<Reply> {
  const requested = Number(call.body['os-getConsoleOutput'].length ?? -1);
  const server = await findServer(call);
  const lines = requested === -1 ? null : requested;
  const output = await hidingHosts(call, () => call.context.workflows.readConsole(server, lines));
  return { body: { output: output.replace(controlCharacters, '') } };
}
