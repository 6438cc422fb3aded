import { expect, onTestFinished, test } from 'vitest';
import { sha256OfToken } from '#runtime/token-hash.ts';
import { aComputeWorld } from '#test/worlds/compute-world.ts';
import { admitToConsole } from './connect-console.ts';

test('a token admits to one console of its server, which counts for the server’s project', async () => {
  const world = await aComputeWorld();
  onTestFinished(() => world.stop());
  const { id, projectId, hostId } = await world.activeServer({});
  const expiresAt = world.time.now + 1;
  const place = { path: '/dev/pts/1' };
  await world.store.consoleTokens.add(
    {
      tokenSha256: sha256OfToken('T'),
      serverId: id,
      type: 'serial',
      host: 'hv1',
      place,
      expiresAt,
    },
    { mostOfServer: 1 },
  );
  const admitted = await admitToConsole(world.context, 'T');
  expect(admitted).toMatchObject({ serverId: id, projectId, kind: 'serial' });
  await expect(admitToConsole(world.context, 'other')).rejects.toMatchObject({ kind: 'forbidden' });
  world.context.links.consoles.linked(hostId ?? '', {
    name: 'hv1',
    send: (request) => {
      const { consoles } = world.context.links;
      consoles.answer('hv1', {
        id: request.id,
        problem: JSON.stringify(request),
        isConflict: true,
      });
    },
  });
  await expect(admitted.open()).rejects.toThrow(`"act":"open","guestId":"${id}","kind":"serial"`);
});
