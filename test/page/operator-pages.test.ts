/** What an administrator looks into: refused boots, what-if, device specs, about. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPageWorld, expectSound, type PageWorld, views } from '#test/browser/page-world.ts';

let world: PageWorld;
let two = '';
/** Opened before any boot was refused. */
let early: Awaited<ReturnType<PageWorld['open']>>;

const refuse = async (name: string, zone = 'nova:host-1') => {
  const none = await world.cloud.port(two, 'vdpa');
  const id = await world.cloud.boot([{ port: none }], { name, availability_zone: zone });
  await world.cloud.settled(id, 'ERROR');
};

beforeAll(async () => {
  world = await aPageWorld();
  two = await world.cloud.network('two', 'physnet2', 43);
  early = await world.open('/ui/refusals');
  await early.page.getByText('No boot has been refused').waitFor();
  await expectSound(early, 'refusals-none');
  await refuse('first');
});
afterAll(() => world.stop());

test('the first refused boot appears in a page that is open', async () => {
  const { page, context } = early;
  await page.getByRole('button', { name: 'pci-exhausted' }).waitFor();
  await context.close();
});

test.each(views)('refused boots by reason: $width px, $theme', async (view) => {
  const opened = await world.open('/ui/refusals', view);
  const { page, context } = opened;
  // By keyboard: open the oldest, and read its matrix.
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

test.each(views)('what if: $width px, $theme', async (view) => {
  const opened = await world.open('/ui/what-if', view);
  const { page, context } = opened;
  await page.getByRole('heading', { name: 'It would go to host-1.' }).waitFor();
  await expectSound(opened, `what-if-${view.theme}-${view.width}`);
  await page.goto('/ui/what-if?flavor=2&nics=vdpa@physnet1&count=1');
  await page.getByRole('heading', { name: 'No host can take it.' }).waitFor();
  await expectSound(opened, `what-if-refused-${view.theme}-${view.width}`);
  await context.close();
});

test('a boot takes what what-if says; a link has the question; nothing is claimed', async () => {
  const { cloud } = world;
  const { page, context } = await world.open('/ui/what-if');
  const before = await cloud.freeVfs('physnet1');
  await page.getByLabel('Flavor').selectOption({ label: 'm1.small (1 vCPU, 2,048 MiB, 20 GiB)' });
  await page.getByRole('button', { name: 'Add a NIC' }).click();
  const second = page.getByRole('group', { name: 'NIC 2' });
  await second.getByLabel('Type of the port').selectOption('macvtap');
  await second.getByLabel('Physical network').selectOption('physnet2');
  const takes = page.getByRole('listitem').filter({ hasText: 'takes' });
  await expect.poll(() => takes.count()).toBe(2);
  const said = await takes.locator('.mono').allTextContents();

  await page.getByLabel('How many').selectOption('max');
  await page.getByRole('heading', { name: /^8 servers fit, on 2 hosts/ }).waitFor();
  await page.getByLabel('How many').selectOption('number');
  await page.getByRole('spinbutton').fill('9');
  await page.getByRole('heading', { name: '8 of 9 fit, on 2 hosts.' }).waitFor();
  const hosts = page.getByRole('region', { name: 'Servers by host' });
  expect(await hosts.getByRole('row').nth(1).textContent()).toMatch(/^host-14(pci|resources): /);
  expect(await cloud.freeVfs('physnet1')).toEqual(before);

  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole('heading', { name: '8 of 9 fit, on 2 hosts.' }).waitFor();

  const red = await cloud.network('red');
  const ports = [await cloud.port(red, 'direct'), await cloud.port(two, 'macvtap')];
  const id = await cloud.boot(ports.map((port) => ({ port })));
  await cloud.settled(id, 'ACTIVE');
  const { devices } = await cloud.ok('operator', 'GET', `/servers/${id}/explain`);
  expect(devices.map(({ address }: { address: string }) => address).sort()).toEqual(
    said.filter((_, at) => at % 2 === 0).sort(),
  );
  await page.getByRole('button', { name: 'Repeat' }).click();
  await page.getByRole('heading', { name: '7 of 9 fit, on 2 hosts.' }).waitFor();
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  await context.close();
});

test('a question that the API refuses is answered with its reason', async () => {
  const opened = await world.open('/ui/what-if?flavor=none-such');
  const { page, context } = opened;
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('none-such');
  await context.close();
});

const tried = [
  { vendor_id: '8086', product_id: '10ca', physical_network: 'physnet1' },
  { devname: 'enp2s0', product_id: '10ca', physical_network: 'physnet2' },
  { vendor_id: '15b3' },
];
const linkTo = (list: object[]) => {
  const text = list.map((one) => JSON.stringify(one)).join('\n');
  return `/ui/device-specs?list=${encodeURIComponent(text)}`;
};

test.each(views)('device specs: $width px, $theme', async (view) => {
  const opened = await world.open('/ui/device-specs', view);
  const { page, context } = opened;
  await page.getByRole('heading', { name: 'No problem.' }).waitFor();
  await expectSound(opened, `device-specs-${view.theme}-${view.width}`);
  await page.goto(linkTo(tried));
  await page.getByRole('heading', { name: 'An entry has a problem.' }).waitFor();
  await page.locator('main summary').first().click();
  await expectSound(opened, `device-specs-problems-${view.theme}-${view.width}`);
  await context.close();
});

test('a list is tried as it is typed: what it matches, shadows and loses, per host', async () => {
  const { cloud } = world;
  const red = await cloud.network('blue', 'physnet1', 44);
  const id = await cloud.boot([{ port: await cloud.port(red, 'direct') }]);
  const { 'OS-EXT-SRV-ATTR:host': host } = await cloud.settled(id, 'ACTIVE');
  const { page, context } = await world.open('/ui/device-specs');
  const list = page.getByRole('textbox', { name: /^Device list to try/ });
  await expect.poll(() => list.inputValue()).toContain('"devname":"enp1s0"');
  await page.getByRole('heading', { name: 'No problem.' }).waitFor();

  await list.fill('');
  await page.getByText('Write an entry').waitFor();
  await list.pressSequentially('{"vendor_id": "8086", "product_id": "10c9"');
  await expect
    .poll(() => page.getByRole('list', { name: 'Refused entries' }).textContent())
    .toMatch(/must be JSON/);
  await list.pressSequentially('}');
  await page.getByRole('heading', { name: /^Unsafe/ }).waitFor();
  await page.getByRole('combobox', { name: /^Host/ }).fill(host);
  await page.getByText(`held by server ${id}`).waitFor();
  const summary = page.locator('main summary');
  await expect
    .poll(() => summary.textContent())
    .toMatch(/2 offered: 2 kept, 2 of them with other tags; 8 lost$/);

  await list.fill(tried.map((one) => JSON.stringify(one)).join('\n'));
  const rows = page.getByRole('region', { name: 'Entries' }).getByRole('row');
  await expect.poll(() => rows.nth(2).textContent()).toMatch(/40Problem: .*entr/);
  expect(await rows.nth(1).textContent()).toMatch(/88$/);
  expect(await rows.nth(3).textContent()).toMatch(/00Warning: admits none/);
  await expect.poll(() => page.url()).toContain('15b3');
  expect(page.url()).toContain(`host=${host}`);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect
    .poll(() => other.locator('main summary').textContent())
    .toMatch(/8 offered: 8 kept, 4 of them with other tags; 2 lost$/);
  await page.getByRole('button', { name: 'Start again' }).click();
  await page.getByRole('heading', { name: 'No problem.' }).waitFor();
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  await context.close();
});

test.each(views)('about: $width px, $theme', async (view) => {
  const opened = await world.open('/ui/about', view);
  await opened.page.getByRole('region', { name: 'Settings' }).waitFor();
  // The navigation has scrolled to the page.
  await expect
    .poll(async () => {
      const box = await opened.page.getByRole('link', { name: 'About' }).boundingBox();
      return (box?.x ?? 0) + (box?.width ?? Infinity);
    })
    .toBeLessThanOrEqual(view.width);
  await expectSound(opened, `about-${view.theme}-${view.width}`);
  await opened.context.close();
});

test('about: what answers and its settings; a member reads no settings', async () => {
  const { page, context } = await world.open('/ui/about');
  const settings = page.getByRole('region', { name: 'Settings' });
  const row = settings.getByRole('row').filter({ hasText: 'keep_history' });
  expect(await row.textContent()).toBe('keep_history30 days');
  const { controller } = await world.cloud.ok('operator', 'GET', '/status');
  const controllers = page.getByRole('region', { name: 'Controllers' }).getByRole('row');
  expect(await controllers.nth(1).textContent()).toContain(controller.version);
  await context.close();

  const member = await world.open('/ui/about', {}, 'demo');
  await member.page.getByRole('link', { name: /OpenAPI/ }).waitFor();
  expect(await member.page.getByRole('region', { name: 'Settings' }).count()).toBe(0);
  await expectSound(member, 'about-member');
  await member.context.close();
});
