/** Signing in, the frame around each page, and the fleet. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage } from '#test/browser/browser.ts';
import { aPageWorld, expectSound, type PageWorld, views } from '#test/browser/page-world.ts';

let world: PageWorld;
beforeAll(async () => {
  world = await aPageWorld();
});
afterAll(() => world.stop());

test.each(views)('sign-in and fleet: $width px, $theme', async (view) => {
  const name = `${view.theme}-${view.width}`;
  const opened = await openPage(world.browser, world.origin, view);
  await opened.page.goto('/ui/');
  await opened.page.getByRole('button', { name: 'Sign in' }).waitFor();
  await expectSound(opened, `sign-in-${name}`);
  await opened.context.close();

  const fleet = await world.open('/ui/', view);
  await fleet.page.getByRole('link', { name: 'host-2' }).waitFor();
  expect(await fleet.page.getByRole('status').textContent()).toBe('Live');
  await expectSound(fleet, `fleet-${name}`);
  await fleet.context.close();
});

test('a wrong password is refused in words; signing out returns to the sign-in page', async () => {
  const { page, context } = await openPage(world.browser, world.origin);
  await page.goto('/ui/');
  await page.getByLabel('User', { exact: true }).fill('admin');
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.keyboard.press('Enter');
  await expect
    .poll(() => page.getByRole('alert').textContent())
    .toMatch(/password is wrong|wrong password/i);
  await context.close();

  const again = await world.open('/ui/?q=host-1');
  await again.page.getByRole('link', { name: 'host-1' }).waitFor();
  await again.page.getByText('admin', { exact: true }).click();
  await again.page.getByRole('button', { name: 'Sign out' }).click();
  await again.page.getByRole('button', { name: 'Sign in' }).waitFor();
  expect(again.page.url()).toContain('/ui/?q=host-1');
  expect(await again.context.cookies()).toEqual([]);
  await again.context.close();
});

test('no script of the page can read the cookie, and storage has no token', async () => {
  const { page, context } = await world.open('/ui/');
  const seen = await page.evaluate('[document.cookie, JSON.stringify({ ...localStorage })]');
  expect(seen).toEqual(['', '{}']);
  expect(await context.cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
  await context.close();
});

test('an address with a broken escape is none, and the page continues', async () => {
  const { page, context, faults } = await world.open('/ui/');
  await page.getByRole('link', { name: 'host-2' }).waitFor();
  await page.evaluate(
    "history.pushState(null, '', '/ui/hosts/%zz'); dispatchEvent(new PopStateEvent('popstate'))",
  );
  await page.getByRole('heading', { name: 'No such page' }).waitFor();
  expect(await page.title()).toBe('%zz · Hosts · Novella');
  await page.getByRole('link', { name: 'Show the fleet' }).click();
  await page.getByRole('link', { name: 'host-2' }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test('a member is shown nothing of hosts', async () => {
  const opened = await world.open('/ui/', {}, 'demo');
  await opened.page.getByRole('heading', { name: 'Nothing to show' }).waitFor();
  expect(await opened.page.content()).not.toContain('host-1');
  await expectSound(opened, 'member');
  await opened.context.close();
});

test('a boot is seen in the table without a reload, in every page of the browser', async () => {
  const { cloud } = world;
  const { page, context } = await world.open('/ui/?sort=held');
  const second = await context.newPage();
  await second.goto('/ui/?sort=held');
  const held = (of: typeof page) =>
    of.getByRole('row').nth(4).getByRole('cell').nth(2).textContent();
  await expect.poll(() => Promise.all([held(page), held(second)])).toEqual(['0', '0']);
  const red = await cloud.network('red');
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  await cloud.settled(id, 'ACTIVE');
  const active = performance.now();
  await expect
    .poll(() => Promise.all([held(page), held(second)]), { timeout: 10_000, interval: 20 })
    .toEqual(['1', '1']);
  const seen = Math.round(performance.now() - active);
  process.stdout.write(`a boot is seen ${seen} ms after the server is ACTIVE\n`);
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  await context.close();
});
