/** Suite for tokens of consoles: found by hash until they expire, or their server is deleted. */
import { expect, test } from 'vitest';
import { aBoot } from '#test/worlds/store-rows.ts';
import type { ConsoleToken } from './console-tokens.ts';
import type { OpenStore } from '../store.contract.ts';

const token = (serverId: string, change: Partial<ConsoleToken> = {}): ConsoleToken => ({
  tokenSha256: 'aa',
  serverId,
  type: 'novnc',
  host: 'hv1',
  place: { port: 5900 },
  expiresAt: 100,
  ...change,
});
const some = { mostOfServer: 10 };

export function storeConsoleTokensContract(fresh: () => Promise<OpenStore>): void {
  test('a token is found by its hash, over another connection, until it expires', async () => {
    const open = await fresh();
    const store = await open();
    const { serverId } = await aBoot(store);
    await store.consoleTokens.add(token(serverId), some);
    const again = (await open()).consoleTokens;
    expect(await again.ofToken('aa', 99)).toEqual(token(serverId));
    expect(await again.ofToken('aa', 100)).toBeUndefined();
    expect(await again.ofToken('bb', 99)).toBeUndefined();
    await again.removeExpired(99);
    expect(await store.consoleTokens.ofToken('aa', 0)).toEqual(token(serverId));
    await again.removeExpired(100);
    expect(await store.consoleTokens.ofToken('aa', 0)).toBeUndefined();
  });

  test('the newest tokens of a server stay; those of others are not counted', async () => {
    const store = await (await fresh())();
    const one = await aBoot(store);
    const other = await aBoot(store);
    await store.consoleTokens.add(token(other.serverId, { tokenSha256: 'other' }), some);
    for (const tokenSha256 of ['a', 'b', 'c']) {
      await store.consoleTokens.add(token(one.serverId, { tokenSha256 }), { mostOfServer: 2 });
    }
    const valid = async (hash: string) =>
      (await store.consoleTokens.ofToken(hash, 0)) !== undefined;
    expect(await Promise.all(['a', 'b', 'c', 'other'].map(valid))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  test('the tokens of a deleted server are revoked, and it gets no other', async () => {
    const store = await (await fresh())();
    const task = await aBoot(store);
    const { serverId } = task;
    await store.consoleTokens.add(token(serverId), some);
    const server = { vmState: 'deleted', deletedAt: 9 } as const;
    await store.commit({ task, next: null, server });
    expect(await store.consoleTokens.ofToken('aa', 0)).toBeUndefined();
    await expect(store.consoleTokens.add(token(serverId), some)).rejects.toMatchObject({
      kind: 'notFound',
    });
  });
}
