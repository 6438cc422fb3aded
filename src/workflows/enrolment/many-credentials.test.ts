/** What the certificates of many hosts cost the database, in statements. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { statementCounts } from '#test/databases/statement-counts.ts';
import { aComputeWorld, type ComputeWorld } from '#test/worlds/compute-world.ts';
import { admitHost } from './admit-host.ts';
import { settleCredentials } from './settle-credentials.ts';

const hosts = 300;

let world: ComputeWorld;
beforeEach(async () => {
  world = await aComputeWorld();
});
afterEach(() => world.stop());

async function certifiedHosts() {
  const { enrolments } = world.store;
  const made = Array.from({ length: hosts }, (_, at) => ({
    kind: 'certificate' as const,
    host: `hv${at}`,
    serial: `0${at}`,
  }));
  for (const { host, serial } of made) {
    const times = { createdAt: 1, expiresAt: world.time.now + 1 };
    await enrolments.enroll({ host, tokenSha256: host, ...times }, { replaces: false });
    const certificate = { serial, host, keySha256: host, certificate: '', notBefore: 0 };
    const issuedFor = { kind: 'join' as const, tokenSha256: host };
    await enrolments.certify({ ...certificate, notAfter: world.time.now + 1 }, issuedFor);
  }
  return made;
}

test('hosts that connect, or are checked, at the same time cost a few statements', async () => {
  const made = await certifiedHosts();
  const { context } = world;
  const counts = await statementCounts(async () => {
    const admitted = await Promise.all(made.map((one) => admitHost(context, one)));
    expect(admitted).toEqual(made.map(({ host }) => ({ host })));
    await Promise.all(made.map((one) => settleCredentials(context, one.host, one)));
  });
  expect(counts).toEqual(new Map([['select', 2]]));
});

test('of those hosts one that was revoked is refused, and one with a newer certificate keeps that', async () => {
  const made = await certifiedHosts();
  const { context, store } = world;
  await store.enrolments.revoke('hv7', world.time.now);
  const newer = { kind: 'certificate' as const, host: 'hv8', serial: 'new' };
  const renewed = { host: 'hv8', keySha256: 'new', certificate: '', notBefore: 0 };
  const renewal = { kind: 'renewal' as const, serial: '08' };
  const notAfter = world.time.now + 1;
  await store.enrolments.certify({ serial: 'new', ...renewed, notAfter }, renewal);
  await Promise.all(
    [...made.filter(({ host }) => host !== 'hv8'), newer].map((one) =>
      settleCredentials(context, one.host, one),
    ),
  );
  const admitted = await Promise.all([...made, newer].map((one) => admitHost(context, one)));
  const refused = admitted.filter((one) => !('host' in one));
  expect(refused).toEqual([
    { status: 401, message: 'The certificate of host hv7 was revoked.' },
    { status: 401, message: 'The certificate of host hv8 was revoked.' },
  ]);
  expect(admitted.at(-1)).toEqual({ host: 'hv8' });
});
