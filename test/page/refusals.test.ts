/** What an administrator looks into: refused boots, what-if, device specs, about. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPageWorld, expectSound, type PageWorld, views } from '#test/browser/page-world.ts';

let world: PageWorld;
let two = '';

const refuse = async (name: string, zone = 'nova:host-1') => {
  const none = await world.cloud.port(two, 'vdpa');
  const id = await world.cloud.boot([{ port: none }], { name, availability_zone: zone });
  await world.cloud.settled(id, 'ERROR');
};

beforeAll(async () => {
  world = await aPageWorld();
  two = await world.cloud.network('two', 'physnet2', 43);
});
afterAll(() => world.stop());

test('without a refused boot the page says so; the first one appears', async () => {
  const opened = await world.open('/ui/refusals');
  const { page, context } = opened;
  await page.getByText('No boot has been refused').waitFor();
  await expectSound(opened, 'refusals-none');
  await refuse('first');
  await page.getByRole('button', { name: 'pci-exhausted' }).waitFor();
  await context.close();
});

test.each(views)('refused boots by reason: $width px, $theme', async (view) => {
  const opened = await world.open('/ui/refusals', view);
  const { page, context } = opened;
  // By keyboard: open the newest, and read its matrix.
  await page.getByRole('button', { name: 'pci-exhausted' }).waitFor();
  await page.locator('main summary').last().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'first' }).waitFor();
  expect(page.url()).toContain('decision=');
  const rows = page.getByRole('region', { name: 'Hosts by filter' }).getByRole('row');
  expect(await rows.nth(1).textContent()).toMatch(
    /^host-1nearest miss✓passed✕refusedphysnet2: 0 of 1/,
  );
  expect(await rows.nth(2).textContent()).toMatch(/^host-2✕refused·not reached/);
  await expectSound(opened, `refusals-${view.theme}-${view.width}`);
  await context.close();
});

test('a reason shows its boots alone; a link shows the same', async () => {
  await refuse('everywhere', 'nova');
  const { page, context } = await world.open('/ui/refusals');
  await page.getByRole('button', { name: 'host-not-forced' }).click();
  await page
    .getByRole('heading', { name: 'With the reason forced host: host-not-forced' })
    .waitFor();
  const shown = page.locator('main summary');
  await expect.poll(() => shown.count()).toBe(1);
  await shown.click();
  await page.getByRole('link', { name: 'first' }).waitFor();
  const link = page.url();
  await page.goto('/ui/');
  await page.goto(link);
  await page.getByRole('link', { name: 'first' }).waitFor();
  expect(await shown.count()).toBe(1);
  await context.close();
});
