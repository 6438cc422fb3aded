/** Consoles of servers: from the address that a user requests to the guest, and back. */
import { ended, openConsole, socketUrl } from '#test/consoles/console-client.ts';
import { hasNoVnc } from '#test/consoles/no-vnc.ts';
import { readBytes, readUntil } from '#test/consoles/read-stream.ts';
import { type Cloud, scenario } from '#test/worlds/cloud.ts';
import { expect } from 'vitest';

const at = (minor: number) => ({ 'openstack-api-version': `compute 2.${minor}` });

const remoteConsole = (cloud: Cloud, id: string, protocol: string, type: string) =>
  cloud.send('compute', 'POST', `/servers/${id}/remote-consoles`, {
    body: { remote_console: { protocol, type } },
    headers: at(96),
  });

async function urlOf(cloud: Cloud, id: string, protocol = 'vnc', type = 'novnc'): Promise<string> {
  const { status, body } = await remoteConsole(cloud, id, protocol, type);
  expect(status).toBe(200);
  expect(body.remote_console).toMatchObject({ protocol, type });
  return body.remote_console.url;
}

async function aServer(cloud: Cloud): Promise<string> {
  const id = await cloud.boot([]);
  await cloud.settled(id, 'ACTIVE');
  return id;
}

scenario('a member opens the display of a server, with the page and through it', async (admin) => {
  const cloud = await admin.as('novella-demo');
  const id = await aServer(cloud);
  const url = await urlOf(cloud, id);
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain(
    hasNoVnc ? '<script type="module" src="/novella/v1/console/viewer.js">' : 'is not installed',
  );
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  const { stream, protocol } = await openConsole(url);
  expect(protocol).toBe('binary');
  expect(String(await readBytes(stream, 12))).toBe('RFB 003.008\n');
  const again = await openConsole(url);
  expect(String(await readBytes(again.stream, 12))).toBe('RFB 003.008\n');
  stream.destroy();
  again.stream.destroy();
});

scenario('a serial console has one reader: a newer one closes the older', async (cloud) => {
  const id = await aServer(cloud);
  const url = await urlOf(cloud, id, 'serial', 'serial');
  expect(url).toMatch(/^ws:/);
  const { stream, protocol } = await openConsole(url, { protocols: [] });
  expect(protocol).toBe('');
  await readUntil(stream, 'login: ');
  stream.write('root\r');
  await readUntil(stream, 'root\r\n');
  const over = ended(stream);
  const newer = await openConsole(url);
  await over;
  await readUntil(newer.stream, 'login: ');
  newer.stream.destroy();
});

scenario(
  'without a valid token, or from a page of another site, nothing is opened',
  async (cloud) => {
    const id = await aServer(cloud);
    const url = await urlOf(cloud, id);
    const host = new URL(url).host;
    const refused = 'status 403, 0 bytes';
    await expect(openConsole(url.replace('token%3D', 'token%3Dbad'))).rejects.toThrow(refused);
    await expect(openConsole(socketUrl(url).replace(/\?.*/, ''))).rejects.toThrow(refused);
    const from = (origin: string) => openConsole(url, { headers: { origin } });
    await expect(from('http://evil.example')).rejects.toThrow(refused);
    await expect(from('null')).rejects.toThrow(refused);
    const own = await from(`http://${host}`);
    own.stream.destroy();
  },
);

scenario('a server has eight open consoles, with several tokens too', async (cloud) => {
  const [one, other] = [await aServer(cloud), await aServer(cloud)];
  const urls = [await urlOf(cloud, one), await urlOf(cloud, one)];
  const opened = await Promise.all(
    Array.from({ length: 8 }, (_, at) => openConsole(urls[at % 2]!)),
  );
  const ninth = await urlOf(cloud, one);
  await expect(openConsole(ninth)).rejects.toThrow('status 503, 0 bytes');
  opened.push(await openConsole(await urlOf(cloud, other)));
  for (const { stream } of opened) stream.destroy();
  await expect.poll(() => openConsole(ninth).then(() => 'open', String)).toBe('open');
});

scenario('a token opens its own server only, until that is stopped or deleted', async (cloud) => {
  const [one, other] = [await aServer(cloud), await aServer(cloud)];
  const url = await urlOf(cloud, one);
  const name = async (id: string) => {
    const { server } = await cloud.ok('compute', 'GET', `/servers/${id}`);
    return server['OS-EXT-SRV-ATTR:instance_name'] as string;
  };
  const serial = await openConsole(await urlOf(cloud, one, 'serial', 'serial'));
  const text = await readUntil(serial.stream, 'login: ');
  expect(text).toContain(await name(one));
  expect(text).not.toContain(await name(other));
  const display = await openConsole(url);
  const over = Promise.all([ended(display.stream), ended(serial.stream)]);
  await cloud.ok('compute', 'POST', `/servers/${one}/action`, { 'os-stop': null });
  await over;
  await cloud.settled(one, 'SHUTOFF');
  await expect(openConsole(url)).rejects.toThrow('status 409');
  expect((await remoteConsole(cloud, one, 'vnc', 'novnc')).status).toBe(409);
  await cloud.ok('compute', 'POST', `/servers/${one}/action`, { 'os-start': null });
  await cloud.settled(one, 'ACTIVE');
  (await openConsole(url)).stream.destroy();
  await cloud.send('compute', 'DELETE', `/servers/${one}`);
  await cloud.gone(one);
  await expect(openConsole(url)).rejects.toThrow('status 403');
});

scenario(
  'an administrator sees where a token leads; the host is in no reply to a member',
  async (admin) => {
    const cloud = await admin.as('novella-demo');
    const id = await aServer(cloud);
    const url = await urlOf(cloud, id);
    expect(url).not.toContain('host-');
    const token = new URL(socketUrl(url)).searchParams.get('token') ?? '';
    const show = (as: Cloud, minor: number, of = token) =>
      as.send('compute', 'GET', `/os-console-auth-tokens/${of}`, { headers: at(minor) });
    expect((await show(admin, 31)).body).toEqual({
      console: {
        instance_uuid: id,
        host: expect.stringMatching(/^host-[12]$/),
        port: expect.any(Number),
        internal_access_path: null,
      },
    });
    expect((await show(admin, 30)).status).toBe(401);
    expect((await show(admin, 31, 'none')).status).toBe(404);
    expect((await show(cloud, 31)).status).toBe(403);
  },
);
