/** Bodies of key pairs that are refused, and why. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aComputeWorld, type ComputeWorld, faultOf } from '#test/worlds/compute-world.ts';

const publicKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPvdVCRFJXRfoDr25N0uW4ihtr03pq8dsXg0/IPbAAMd user@host';

let world: ComputeWorld;
beforeAll(async () => {
  world = await aComputeWorld();
});
afterAll(() => world.stop());

/** In a version that makes keys, and admits fewer names. */
const post = (keypair: object) =>
  world.ask('POST /v2.1/os-keypairs', { body: { keypair }, version: '2.91' });

test.each([
  [{}, 'name'],
  [{ name: '' }, 'keypair.name'],
  [{ name: 5 }, 'keypair.name'],
  [{ name: null }, 'keypair.name'],
  [{ name: ' key' }, 'inner spaces'],
  [{ name: 'key/1' }, 'must hold only letters'],
  [{ name: 'a@b.c' }, 'must hold only letters'],
  [{ name: 'k'.repeat(256) }, 'keypair.name'],
  [{ name: 'k', type: 'gpg' }, 'keypair.type'],
  [{ name: 'k', type: null }, 'keypair.type'],
  [{ name: 'k', public_key: '' }, 'failed to generate fingerprint'],
  [{ name: 'k', public_key: 'ssh-rsa JUNK' }, 'failed to generate fingerprint'],
  [{ name: 'k', public_key: 'ssh-rsa ÄÖ\u0000' }, 'keypair.public_key: the null character'],
  [{ name: 'k', public_key: 7 }, 'keypair.public_key'],
  [{ name: 'k', public_key: publicKey, type: 'x509' }, 'failed to generate X509 fingerprint'],
  [{ name: 'k', user_id: 5 }, 'keypair.user_id'],
  [{ name: 'k', colour: 'red' }, "'colour' was unexpected"],
])('%j is refused: %s', async (keypair, expected) => {
  const refused = faultOf(await post(keypair));
  expect(refused).toMatchObject({ name: 'badRequest', code: 400 });
  expect(refused.message).toContain(expected);
});
