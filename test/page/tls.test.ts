/** The page over TLS, as it is used from other machines. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from '#test/browser/browser.ts';
import { aPageWorld, type PageWorld } from '#test/browser/page-world.ts';
import { tlsFiles } from '#test/tls/tls-files.ts';

let world: PageWorld;
beforeAll(async () => {
  const { certificate, key, caFile } = tlsFiles;
  world = await aPageWorld({ tls: { certificate, key, ca_file: caFile } });
});
afterAll(() => world.stop());

test('over TLS the cookie is secure and of this host alone, and the page is live', async () => {
  expect(world.origin).toMatch(/^https:/);
  const { page, context, faults } = await world.open('/ui/');
  await page.getByRole('link', { name: 'host-1' }).waitFor();
  await expect.poll(() => page.getByRole('status').textContent()).toBe('Live');
  expect(await context.cookies()).toMatchObject([
    { name: '__Host-novella', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' },
  ]);
  expect(faults).toEqual([]);
  await context.close();
});

test('an application credential signs in', async () => {
  const { cloud } = world;
  const { body } = await cloud.send('identity', 'GET', '/auth/tokens', {
    headers: { 'x-subject-token': cloud.session.token },
  });
  const path = `/users/${body.token.user.id}/application_credentials`;
  const made = await cloud.ok('identity', 'POST', path, {
    application_credential: { name: 'wall' },
  });
  const { id, secret } = made.application_credential;
  const { page, context } = await openPage(world.browser, world.origin);
  await page.goto('/ui/');
  await page.getByRole('button', { name: 'Use an application credential' }).click();
  await page.getByLabel('ID of the credential').fill(id);
  await page.getByLabel('Secret').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'host-1' }).waitFor();
  await context.close();
});
