/** Servers, and one server: what its owner sees, and what an administrator sees. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPageWorld, expectSound, type PageWorld, views } from '#test/browser/page-world.ts';

const longName = 'a-server-with-a-very-long-name-that-somebody-has-generated-by-a-template-0001';

let world: PageWorld;
const ids = { started: '', refused: '', mine: '' };
let portOfStarted = '';
let red = '';

beforeAll(async () => {
  world = await aPageWorld();
  const { cloud } = world;
  const demo = await cloud.as('novella-demo');
  red = await cloud.network('red');
  portOfStarted = await cloud.port(red, 'direct');
  ids.started = await cloud.boot([{ port: portOfStarted }, { uuid: red }], { name: longName });
  await cloud.settled(ids.started, 'ACTIVE');
  const two = await cloud.network('two', 'physnet2', 43);
  const none = await cloud.port(two, 'vdpa');
  const there = { availability_zone: 'nova:host-1' };
  ids.refused = await cloud.boot([{ port: none }], { name: 'refused', ...there });
  await cloud.settled(ids.refused, 'ERROR');
  ids.mine = await demo.boot([], { name: 'mine' });
  await demo.settled(ids.mine, 'ACTIVE');
});
afterAll(() => world.stop());

const cellsOf = (page: Page, name: string) =>
  page.getByRole('row').filter({ hasText: name }).getByRole('cell').allTextContents();

test.each(views)(
  'servers, one that runs, one that was refused: $width px, $theme',
  async (view) => {
    const name = `${view.theme}-${view.width}`;
    const opened = await world.open('/ui/servers', view);
    const { page, context } = opened;
    await page.getByRole('link', { name: longName }).waitFor();
    await expectSound(opened, `servers-${name}`);

    await page.getByRole('link', { name: longName }).click();
    await page.getByRole('heading', { name: longName }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Server is ACTIVE' }).waitFor();
    await page.getByText('As the host reported it').click();
    await expectSound(opened, `server-${name}`);

    await page.goto(`/ui/servers/${ids.refused}`);
    await page.getByRole('region', { name: 'Hosts by filter' }).waitFor();
    await page.getByRole('row').filter({ hasText: 'Server is ERROR' }).waitFor();
    await expectSound(opened, `server-refused-${name}`);
    await context.close();
  },
);

test('an administrator sees all projects; filters are in the address', async () => {
  const { page, context } = await world.open('/ui/servers');
  await page.getByRole('link', { name: 'mine' }).waitFor();
  expect(await cellsOf(page, 'mine')).toMatchObject({
    0: 'ACTIVE',
    1: expect.stringMatching(/^host-/),
  });
  await page.getByLabel('Status').selectOption('ERROR');
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
  expect(page.url()).toContain('/ui/servers?status=ERROR');
  expect((await cellsOf(page, 'refused')).at(-1)).toMatch(/^No valid host was found\. host-1/);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  // A name is text, not a pattern.
  await page.getByLabel('Name contains').fill('m.ne');
  await page.getByText('No server matches').waitFor();
  await page.goto('/ui/servers?limit=2');
  await page.getByRole('link', { name: 'mine' }).waitFor();
  await page.getByRole('button', { name: 'Next servers' }).click();
  await page.getByRole('link', { name: longName }).waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  await context.close();
});

test('the chain of a NIC: port, VF, PF, host; and the timeline of the boot', async () => {
  const { page, context } = await world.open(`/ui/servers/${ids.started}`);
  const chain = page.getByRole('list', { name: 'NIC 1' });
  await expect.poll(() => chain.getByRole('listitem').count()).toBe(4);
  const { devices, nics } = await world.cloud.ok(
    'operator',
    'GET',
    `/servers/${ids.started}/explain`,
  );
  const [port, vf, pf, host] = await chain.getByRole('listitem').allTextContents();
  expect(port).toContain(portOfStarted);
  expect(port).toContain(nics[0].mac_address);
  expect(vf).toContain(devices[0].address);
  expect(pf).toContain(devices[0].parent_addr);
  expect(host).toContain(devices[0].host);
  const plain = page.getByRole('list', { name: 'NIC 2' });
  expect(await plain.textContent()).toContain('none needed');

  await page.getByRole('row').filter({ hasText: 'Server is ACTIVE' }).waitFor();
  const steps = await page
    .getByRole('region', { name: 'Timeline' })
    .getByRole('rowheader')
    .allTextContents();
  expect(steps.slice(0, 4)).toEqual([
    'Accept request',
    'Create ports',
    'Choose host, claim devices',
    'Bind ports to the host',
  ]);
  expect(steps).toContain('Set VF');
  expect((await cellsOf(page, 'Choose host')).at(-1)).toBe('2 hosts, 0 refused; host-1 chosen');
  await page.getByText('As the host reported it').click();
  expect(await page.getByRole('region', { name: 'Domain XML' }).textContent()).toContain(
    "type='hostdev'",
  );
  await context.close();
});

test('why a boot was refused: each host with its filter and reason, the nearest miss first', async () => {
  const { page, context } = await world.open(`/ui/servers/${ids.refused}`);
  const matrix = page.getByRole('region', { name: 'Hosts by filter' });
  await matrix.waitFor();
  const { decisions } = await world.cloud.ok('operator', 'GET', `/servers/${ids.refused}/explain`);
  const text = await matrix.textContent();
  for (const { host, filter, reasons } of decisions[0].rejections) {
    for (const part of [host, filter, reasons[0].message]) expect(text).toContain(part);
  }
  expect(await matrix.getByRole('row').nth(1).textContent()).toMatch(
    /^host-1nearest miss✓passed✕refused/,
  );
  await context.close();
});

test('a new server and its end are seen without a reload', async () => {
  const { page, context } = await world.open('/ui/servers');
  await page.getByRole('link', { name: 'mine' }).waitFor();
  const id = await world.cloud.boot([{ uuid: red }], { name: 'short' });
  await page.getByRole('link', { name: 'short' }).waitFor();
  await world.cloud.settled(id, 'ACTIVE');
  await world.cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await expect
    .poll(() => page.getByRole('link', { name: 'short' }).count(), { timeout: 10_000 })
    .toBe(0);
  await context.close();
});

test('the serial console is in the page, by keyboard alone', async () => {
  const opened = await world.open(`/ui/servers/${ids.mine}`, {}, 'demo');
  const { page, context } = opened;
  await page.getByRole('button', { name: 'Open the serial console here' }).focus();
  await page.keyboard.press('Enter');
  const log = page.getByRole('log', { name: 'Serial console' });
  await expect.poll(() => log.textContent()).toContain('login: ');
  await page.keyboard.type('root');
  await page.keyboard.press('Enter');
  await expect.poll(() => log.textContent()).toMatch(/login: root\n/);
  await expectSound(opened, 'server-serial');
  await page.keyboard.press('Tab');
  expect(await page.getByRole('textbox').evaluate((field) => field.matches(':focus'))).toBe(false);
  await context.close();
});

/** Pixels of the display that are not of the colour at their left: the edges of what it shows. */
const edgesOf = (page: Page) =>
  page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.screen canvas');
    if (canvas === null || canvas.width === 0) return 0;
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const pixels = new Uint32Array(data.buffer);
    return pixels.reduce((count, pixel, at) => count + (pixel === pixels[at - 1] ? 0 : 1), 0);
  })()`);

test.each(views)('the display is in the page: $width px, $theme', async (view) => {
  const opened = await world.open(`/ui/servers/${ids.mine}`, view, 'demo');
  const { page, context } = opened;
  await page.getByRole('button', { name: 'Open the display here' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Connected.').waitFor();
  await expect.poll(() => edgesOf(page)).toBeGreaterThan(1);
  const before = await edgesOf(page);
  await page.keyboard.type('ab');
  await expect.poll(() => edgesOf(page)).toBeGreaterThan(before);
  await expectSound(opened, `display-${view.theme}-${view.width}`);
  // Tab is a key of the guest; another one leaves the display.
  const focused = () => page.evaluate('document.activeElement.tagName');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('CANVAS');
  await page.keyboard.press('Shift+F12');
  expect(await focused()).toBe('BUTTON');
  await page.keyboard.press('Enter');
  expect(await focused()).toBe('CANVAS');
  await page.getByRole('link', { name: 'Servers', exact: true }).click();
  await page.getByRole('heading', { name: 'Servers' }).waitFor();
  await context.close();
});

test('a member sees own servers, and nothing of hosts', async () => {
  const opened = await world.open('/ui/servers', {}, 'demo');
  const { page, context } = opened;
  await page.getByRole('link', { name: 'mine' }).waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  await expectSound(opened, 'servers-member');
  await page.getByRole('link', { name: 'mine' }).click();
  await page.getByRole('row').filter({ hasText: 'Server is ACTIVE' }).waitFor();
  const text = await page.locator('main').textContent();
  for (const hidden of ['host-1', 'host-2', 'Domain XML', 'PF']) expect(text).not.toContain(hidden);
  await expectSound(opened, 'server-member');

  await page.goto(`/ui/servers/${ids.started}`);
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toContain('could not be found');
  await context.close();
});

test('a server that was deleted: when, what was done, and why it had no host', async () => {
  const { cloud } = world;
  const port = await cloud.port(await cloud.network('three', 'physnet2', 44), 'vdpa');
  const id = await cloud.boot([{ port }], { name: 'short-lived' });
  await cloud.settled(id, 'ERROR');
  const watched = await world.open(`/ui/servers/${id}`);
  const { page, context } = watched;
  await page.getByRole('heading', { name: 'short-lived' }).waitFor();
  await cloud.ok('compute', 'DELETE', `/servers/${id}`);
  await cloud.gone(id);
  // Also while its page is open.
  await page.getByText(/This server was deleted on \d+ /).waitFor();
  await page.getByRole('heading', { name: 'Why no host was found' }).waitFor();
  await page.getByRole('region', { name: 'Hosts by filter' }).waitFor();
  await page.getByLabel('Action').selectOption({ index: 1 });
  await page.getByRole('row').filter({ hasText: 'Choose host' }).waitFor();
  // The browser itself notes each answer of 404.
  const faults = watched.faults.filter((fault) => !fault.includes('404'));
  await expectSound({ ...watched, faults }, 'server-deleted');
  await page.goto('/ui/servers/6d0f5f54-3f0c-4b8e-9f6c-0f5b4f8f7a10');
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('could not be found');
  await context.close();

  const demo = await cloud.as('novella-demo');
  const own = await demo.boot([], { name: 'own' });
  await demo.settled(own, 'ACTIVE');
  await demo.ok('compute', 'DELETE', `/servers/${own}`);
  await demo.gone(own);
  const member = await world.open(`/ui/servers/${own}`, {}, 'demo');
  await member.page.getByText(/This server was deleted on \d+ /).waitFor();
  expect(await member.page.locator('main').textContent()).not.toContain('host-');
  await member.context.close();
});

test('a list without servers says so', async () => {
  const { page, context } = await world.open('/ui/servers?name=none-of-this-name');
  await page.getByText('No server matches').waitFor();
  await context.close();
});
