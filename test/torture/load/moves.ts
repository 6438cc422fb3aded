/** The operations of the load that move servers, shelve them and bring them back. */
import { setTimeout as pause } from 'node:timers/promises';
import { showServer } from '#client/servers.ts';
import { isComputeError } from '#core/errors.ts';
import { oneOf, weighted } from '#test/random.ts';
import { sendAction, type Ground } from './operations.ts';

/** Each with its body. Confirmations, reverts and returns are `finishMove`. */
const moves: Record<string, { weight: number; body: (ground: Ground) => object }> = {
  resize: {
    weight: 4,
    body: ({ random, flavors }) => ({ resize: { flavorRef: oneOf(random, flavors) } }),
  },
  migrate: { weight: 3, body: () => ({ migrate: null }) },
  'live-migrate': {
    weight: 3,
    body: () => ({ 'os-migrateLive': { host: null, block_migration: 'auto' } }),
  },
  shelve: { weight: 1.5, body: () => ({ shelve: null }) },
};
const moveWeights = Object.fromEntries(
  Object.entries(moves).map(([name, { weight }]) => [name, weight]),
);

/** Begins a move of one of our servers; most are followed for a while, and then finished. */
export async function move(ground: Ground): Promise<void> {
  const { random, mine } = ground;
  if (mine.length === 0) return;
  const serverId = oneOf(random, mine);
  const action = weighted(random, moveWeights);
  const isAccepted = await sendAction(ground, {
    ...{ serverId, action },
    body: moves[action]?.body(ground) ?? {},
  });
  if (!isAccepted || random() < 0.3) return;
  await finish(ground, serverId, await restingState(ground, serverId));
}

/** Ends a move of any of our servers that waits for it. */
export async function finishMove(ground: Ground): Promise<void> {
  const { random, mine } = ground;
  if (mine.length === 0) return;
  const serverId = oneOf(random, mine);
  await finish(ground, serverId, await restingState(ground, serverId, 1));
}

// oxlint-disable-next-line max-params -- whose, and in which state
async function finish(ground: Ground, serverId: string, state: string): Promise<void> {
  if (state === 'VERIFY_RESIZE') {
    const action = ground.random() < 0.55 ? 'confirmResize' : 'revertResize';
    await sendAction(ground, { serverId, action, body: { [action]: null } });
  } else if (state === 'SHELVED_OFFLOADED' && ground.random() < 0.8) {
    await sendAction(ground, { serverId, action: 'unshelve', body: { unshelve: null } });
  }
}

/** Its status once it has no task; after some polls as it is, '' of a deleted one. */
async function restingState({ session }: Ground, id: string, polls = 25): Promise<string> {
  let status = '';
  for (let left = polls; left > 0; left -= 1) {
    const server = await showServer(session, id).catch((error: unknown) => {
      if (isComputeError(error, 'notFound')) return undefined;
      throw error;
    });
    if (server === undefined) return '';
    status = server.status;
    if (server['OS-EXT-STS:task_state'] === null) return status;
    await pause(20);
  }
  return status;
}
