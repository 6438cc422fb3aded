/**
 * Suite for hosts that connect: each joins with one token, found by its hash, and has certificates,
 * until they are replaced or revoked.
 */
import { expect, test } from 'vitest';
import type { Enrolment, EnrolmentStore, HostCertificate, NewJoinToken } from './enrolments.ts';
import type { OpenStore } from './store.contract.ts';

const token = (host: string, tokenSha256: string): NewJoinToken => ({
  host,
  tokenSha256,
  createdAt: 5,
  expiresAt: 50,
});
const hv1 = token('hv1', 'aa');
const hv2 = token('hv2', 'bb');
const once = { replaces: false };

const joining = ({ host, tokenSha256, createdAt, expiresAt }: NewJoinToken): Enrolment => ({
  host,
  createdAt,
  revokedAt: null,
  joinTokenSha256: tokenSha256,
  joinExpiresAt: expiresAt,
  joinKeySha256: null,
  tokenSha256: null,
});

const certificate = (serial: string, keySha256: string, notAfter = 90) => ({
  serial,
  host: 'hv1',
  keySha256,
  certificate: `certificate ${serial}`,
  notBefore: 4,
  notAfter,
});
const join = { kind: 'join', tokenSha256: 'aa' } as const;

const certificateIn = async (enrolments: EnrolmentStore, serial: string) =>
  (await enrolments.certificates([serial])).get(serial);

export function storeEnrolmentsContract(fresh: () => Promise<OpenStore>): void {
  const aHostThatJoined = async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    await enrolments.certify(certificate('01', 'k1'), join);
    return enrolments;
  };

  test('an enrolled host is found by its join token, over another connection; an unknown token finds none', async () => {
    const open = await fresh();
    const { enrolments } = await open();
    await enrolments.enroll(hv2, once);
    await enrolments.enroll(hv1, once);
    const again = (await open()).enrolments;
    const listed = [hv1, hv2].map((each) => ({ ...joining(each), certificate: null }));
    expect(await again.list()).toEqual(listed);
    expect(await again.ofJoinToken('bb')).toEqual(joining(hv2));
    expect(await again.named('hv2')).toEqual(joining(hv2));
    expect(await again.ofJoinToken('cc')).toBeUndefined();
    expect(await again.ofToken('bb')).toBeUndefined();
  });

  test('a host with a valid token gets another only as a replacement, which invalidates the first', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    const next = { ...hv1, tokenSha256: 'cc', createdAt: 9 };
    await expect(enrolments.enroll(next, once)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('hv1 is enrolled already'),
    });
    expect(await enrolments.ofJoinToken('aa')).toEqual(joining(hv1));
    await enrolments.enroll(next, { replaces: true });
    expect(await enrolments.named('hv1')).toEqual(joining(next));
    expect(await enrolments.ofJoinToken('aa')).toBeUndefined();
  });

  test('a host whose token has expired unused gets another', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    const next = { ...hv1, tokenSha256: 'cc', createdAt: 50, expiresAt: 95 };
    await enrolments.enroll(next, once);
    expect(await enrolments.named('hv1')).toEqual(joining(next));
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

  test('a join token gives one certificate, to one key, however many try at once', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    await stores[0]?.enrolments.enroll(hv1, once);
    const tries = await Promise.all(
      stores.map(({ enrolments }, at) => enrolments.certify(certificate(`0${at}`, `k${at}`), join)),
    );
    const won = tries.indexOf(true);
    expect(tries).toEqual([won === 0, won === 1]);
    const expected: HostCertificate = { ...certificate(`0${won}`, `k${won}`), revokedAt: null };
    const { enrolments } = stores[0]!;
    expect(await enrolments.named('hv1')).toMatchObject({ joinKeySha256: `k${won}` });
    expect(await certificateIn(enrolments, `0${won}`)).toEqual(expected);
    expect(await enrolments.certificateOfKey(`k${won}`)).toEqual(expected);
    expect(await certificateIn(enrolments, `0${1 - won}`)).toBeUndefined();
    expect(await enrolments.list()).toMatchObject([{ certificate: expected }]);
  });

  test('many certificates are read at once, and which hosts have several', async () => {
    const enrolments = await aHostThatJoined();
    await enrolments.enroll(hv2, once);
    const ofHv2 = { ...certificate('02', 'k2'), host: 'hv2' };
    await enrolments.certify(ofHv2, { kind: 'join', tokenSha256: 'bb' });
    expect(await enrolments.list('hv2')).toMatchObject([
      { host: 'hv2', certificate: { serial: '02' } },
    ]);
    expect(await enrolments.list('unknown')).toEqual([]);
    expect(await enrolments.certificates([])).toEqual(new Map());
    const found = await enrolments.certificates(['02', '01', '03']);
    const owners = [...found].map(([serial, { host }]) => [serial, host]);
    expect(Object.fromEntries(owners)).toEqual({ '01': 'hv1', '02': 'hv2' });
    const hosts = ['hv2', 'hv1', 'unknown'];
    expect(await enrolments.unsettled(hosts)).toEqual(new Set());
    await enrolments.certify(certificate('03', 'k3'), { kind: 'renewal', serial: '01' });
    expect(await enrolments.unsettled(hosts)).toEqual(new Set(['hv1']));
    expect(await enrolments.unsettled(['hv2'])).toEqual(new Set());
    expect(await enrolments.unsettled([])).toEqual(new Set());
    await enrolments.revokeOlder({ host: 'hv1', serial: '03' }, 50);
    expect(await enrolments.unsettled(hosts)).toEqual(new Set());
  });

  test('no key has two certificates', async () => {
    const enrolments = await aHostThatJoined();
    const renewal = { kind: 'renewal', serial: '01' } as const;
    expect(await enrolments.certify(certificate('02', 'k1'), renewal)).toBe(false);
    expect(await certificateIn(enrolments, '02')).toBeUndefined();
  });

  test('a renewed certificate stays valid beside the new one, and older ones are deleted', async () => {
    const enrolments = await aHostThatJoined();
    const renew = (serial: string, by: string) =>
      enrolments.certify(certificate(serial, `k${serial}`, 100), { kind: 'renewal', serial: by });
    expect(await renew('02', '01')).toBe(true);
    expect(await certificateIn(enrolments, '01')).toMatchObject({ revokedAt: null });
    expect(await enrolments.list()).toMatchObject([{ certificate: { serial: '02' } }]);
    expect(await renew('03', '02')).toBe(true);
    expect(await certificateIn(enrolments, '01')).toBeUndefined();
    expect(await renew('04', '01')).toBe(false);
  });

  test('once a host connects with a newer certificate, the older one is revoked', async () => {
    const enrolments = await aHostThatJoined();
    const newer = certificate('02', 'k02', 100);
    await enrolments.certify(newer, { kind: 'renewal', serial: '01' });
    expect(await enrolments.revokeOlder({ host: 'hv1', serial: '01' }, 50)).toBe(false);
    expect(await enrolments.revokeOlder({ host: 'hv2', serial: '02' }, 50)).toBe(false);
    expect(await enrolments.revokeOlder({ host: 'hv1', serial: 'unknown' }, 50)).toBe(false);
    expect(await certificateIn(enrolments, '01')).toMatchObject({ revokedAt: null });
    expect(await enrolments.revokeOlder({ host: 'hv1', serial: '02' }, 50)).toBe(true);
    expect(await certificateIn(enrolments, '01')).toMatchObject({ revokedAt: 50 });
    expect(await certificateIn(enrolments, '02')).toMatchObject({ revokedAt: null });
    expect(await enrolments.revokeOlder({ host: 'hv1', serial: '02' }, 60)).toBe(false);
  });

  test('a host with a valid certificate joins again only as a replacement, which revokes it', async () => {
    const enrolments = await aHostThatJoined();
    const next = { ...hv1, tokenSha256: 'cc', createdAt: 60, expiresAt: 95 };
    await expect(enrolments.enroll(next, once)).rejects.toMatchObject({ kind: 'conflict' });
    await enrolments.enroll(next, { replaces: true });
    expect(await certificateIn(enrolments, '01')).toMatchObject({ revokedAt: 60 });
    const renewal = { kind: 'renewal', serial: '01' } as const;
    expect(await enrolments.certify(certificate('02', 'k2'), renewal)).toBe(false);
  });

  test('a host whose certificate has expired may join again', async () => {
    const enrolments = await aHostThatJoined();
    const late = { ...hv1, tokenSha256: 'cc', createdAt: 90, expiresAt: 95 };
    await enrolments.enroll(late, once);
    const again = { kind: 'join', tokenSha256: 'cc' } as const;
    expect(await enrolments.certify(certificate('02', 'k2', 200), again)).toBe(true);
    expect(await certificateIn(enrolments, '01')).toBeUndefined();
  });

  test('a removed host counts as never enrolled', async () => {
    const enrolments = await aHostThatJoined();
    expect(await enrolments.remove('hv1')).toBe(true);
    expect(await enrolments.list()).toEqual([]);
    expect(await enrolments.ofJoinToken('aa')).toBeUndefined();
    expect(await certificateIn(enrolments, '01')).toBeUndefined();
    expect(await enrolments.remove('hv1')).toBe(false);
  });

  test('token and certificate of a revoked host are recognized as revoked, and it can be enrolled again', async () => {
    const enrolments = await aHostThatJoined();
    await enrolments.revoke('hv1', 7);
    await enrolments.revoke('hv1', 8);
    expect(await enrolments.ofJoinToken('aa')).toMatchObject({ revokedAt: 7 });
    expect(await certificateIn(enrolments, '01')).toMatchObject({ revokedAt: 7 });
    const renewal = { kind: 'renewal', serial: '01' } as const;
    expect(await enrolments.certify(certificate('02', 'k2'), renewal)).toBe(false);
    await enrolments.enroll({ ...hv1, tokenSha256: 'cc' }, once);
    expect(await enrolments.named('hv1')).toEqual(joining({ ...hv1, tokenSha256: 'cc' }));
    await expect(enrolments.revoke('none', 7)).rejects.toMatchObject({
      kind: 'notFound',
      message: 'Host none is not enrolled.',
    });
  });

  test('an unused join token of a revoked host gives no certificate', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    await enrolments.revoke('hv1', 7);
    expect(await enrolments.certify(certificate('01', 'k1'), join)).toBe(false);
  });

  test('without a token without an end there is nothing to drop, and it gives no certificate', async () => {
    const { enrolments } = await (await fresh())();
    await enrolments.enroll(hv1, once);
    await enrolments.dropToken('hv1');
    expect(await enrolments.named('hv1')).toEqual(joining(hv1));
    expect(await enrolments.certify(certificate('01', 'k1'), { kind: 'token' })).toBe(false);
  });

  test('of two authorities that are kept at once, one stays for both', async () => {
    const open = await fresh();
    const stores = [await open(), await open()];
    expect(await stores[0]?.authority.get()).toBeUndefined();
    const kept = await Promise.all(
      stores.map(({ authority }, at) =>
        authority.create({ certificate: `c${at}`, privateKey: `k${at}`, createdAt: at }),
      ),
    );
    expect(kept[0]).toEqual(kept[1]);
    expect(await (await open()).authority.get()).toEqual(kept[0]);
  });

  test('the certificate of the controllers is replaced', async () => {
    const { authority } = await (await fresh())();
    expect(await authority.controller()).toBeUndefined();
    await authority.setController({ certificate: 'c1', privateKey: 'k1' });
    await authority.setController({ certificate: 'c2', privateKey: 'k2' });
    expect(await authority.controller()).toMatchObject({ certificate: 'c2', privateKey: 'k2' });
  });
}
