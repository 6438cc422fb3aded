/**
 * Suite for hosts that connect: one token each, found by its hash, until it is replaced or revoked.
 */
import { expect, test } from 'vitest';
import type { Enrolment } from './enrolments.ts';
import type { OpenStore } from './store.contract.ts';

const hv1: Enrolment = { host: 'hv1', tokenSha256: 'aa', createdAt: 5, revokedAt: null };
const hv2: Enrolment = { host: 'hv2', tokenSha256: 'bb', createdAt: 6, revokedAt: null };
const once = { replaces: false };

export function storeEnrolmentsContract(fresh: () => Promise<OpenStore>): void {
  test('an enrolled host is found by its token, over another connection; an unknown token finds none', async () => {
    const open = await fresh();
    const { enrolments } = await open();
    await enrolments.enroll(hv2, once);
    await enrolments.enroll(hv1, once);
    const again = (await open()).enrolments;
    expect(await again.list()).toEqual([hv1, hv2]);
    expect(await again.ofToken('bb')).toEqual(hv2);
    expect(await again.ofToken('cc')).toBeUndefined();
  });

  test('a host with a valid token gets another only as a replacement, which invalidates the first', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    const next = { host: 'hv1', tokenSha256: 'cc', createdAt: 9 };
    await expect(enrolments.enroll(next, once)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('hv1 is enrolled already'),
    });
    expect(await enrolments.ofToken('aa')).toEqual(hv1);
    await enrolments.enroll(next, { replaces: true });
    expect(await enrolments.list()).toEqual([{ ...next, revokedAt: null }]);
    expect(await enrolments.ofToken('aa')).toBeUndefined();
  });

  test('of two concurrent enrolments of one host, one is refused', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    const tries = await Promise.allSettled(
      stores.map(({ enrolments }, at) =>
        enrolments.enroll({ ...hv1, tokenSha256: `t${at}` }, once),
      ),
    );
    expect(tries.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await stores[0]?.enrolments.list()).toHaveLength(1);
  });

  test('a removed host counts as never enrolled', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    expect(await enrolments.remove('hv1')).toBe(true);
    expect(await enrolments.list()).toEqual([]);
    expect(await enrolments.ofToken('aa')).toBeUndefined();
    expect(await enrolments.remove('hv1')).toBe(false);
  });

  test('a revoked token is recognized as revoked, and the host can be enrolled again', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    await enrolments.revoke('hv1', 7);
    await enrolments.revoke('hv1', 8);
    expect(await enrolments.ofToken('aa')).toEqual({ ...hv1, revokedAt: 7 });
    await enrolments.enroll({ ...hv1, tokenSha256: 'cc' }, once);
    expect(await enrolments.list()).toEqual([{ ...hv1, tokenSha256: 'cc' }]);
    await expect(enrolments.revoke('none', 7)).rejects.toMatchObject({
      kind: 'notFound',
      message: 'Host none is not enrolled.',
    });
  });
}
