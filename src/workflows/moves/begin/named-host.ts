/** A host that an administrator has named for a move is checked within the request. */
import type { Caller } from '#contracts/services/identity.ts';
import type { NewMove } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { noValidHostMessage } from '#core/scheduling/no-valid-host.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../../engine/context.ts';
import { placeServer } from '../../placement/place-server.ts';
import { moveBinding, movePlacing } from '../reserve.ts';

/** Hosts that can take the server instead; more are not listed. */
const hostsShown = 5;

interface Named {
  name: string;
  server: Server;
  move: NewMove;
  availabilityZone: string | null;
}

/**
 * Throws `invalid` with all reasons unless the host exists, is another one, and passes every filter
 * with a claim. Administrators read the hosts that would do.
 */
export async function refuseHost(
  context: WorkflowContext,
  caller: Caller,
  { name, server, move, availabilityZone }: Named,
): Promise<void> {
  const binding = await moveBinding(context, server);
  const place = async (forcedHost: string | null) => {
    const data = { forcedHost, availabilityZone };
    return placeServer(context, await movePlacing(context, data, { server, move, binding }));
  };
  const problem = await problemOf(context, { name, move }, place);
  if (problem === undefined) return;
  if (!caller.isAdmin) throw new ComputeError('invalid', problem.public);
  const { decision } = await place(null);
  const all = decision.candidates.map(({ host }) => host);
  const fitting = decision.chosen === null ? [] : [decision.chosen, ...all];
  const names = [...new Set(fitting)].slice(0, hostsShown);
  const others =
    names.length === 0 ? 'no host can take the server now' : `hosts that can: ${names.join(', ')}`;
  throw new ComputeError('invalid', `${problem.all}; ${others}`);
}

type Place = (forcedHost: string) => ReturnType<typeof placeServer>;

/** undefined: the host can take it. `public`: without what other hosts have. */
async function problemOf(
  { store }: WorkflowContext,
  { name, move }: Pick<Named, 'name' | 'move'>,
  place: Place,
): Promise<{ all: string; public: string } | undefined> {
  const same = (text: string) => ({ all: text, public: text });
  if ((await store.hosts.named(name)) === undefined) {
    return same(`Compute host ${name} could not be found`);
  }
  if (name === move.source?.name) {
    return same(`host: the server is on ${name}; choose another host`);
  }
  const placed = await place(name);
  if (placed.host !== undefined) return undefined;
  const reasons = placed.decision.rejections.filter(({ host }) => host === name);
  return {
    all: noValidHostMessage(reasons),
    public: 'No valid host was found. There are not enough hosts available.',
  };
}
