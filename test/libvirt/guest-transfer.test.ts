/** Files of guests between two real hosts on this machine: what is fetched when. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  describeGuestTransfer,
  type TransferHost,
} from '#contracts/host/guest-transfer.contract.ts';
import type { LiveMigrations } from '#contracts/host/movable-guest.ts';
import { guestPaths } from '#core/guests/description/guest-paths.ts';
import { hostUri } from '#core/host-identity/certificate-names.ts';
import { HostGuestFiles } from '#integrations/guest-files/guest-files.ts';
import { HostTransfer } from '#integrations/guest-transfer/host-transfer.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { type DescribedImages, describedImages } from '#test/images/image-source.ts';
import { silentLog } from '#test/silent-log.ts';
import { type Authority, makeAuthority } from '#test/tls/authority.ts';

const mib = 1024 ** 2;
const folder = mkdtempSync(join(tmpdir(), 'novella-transfer-'));
let authority: Authority;
beforeAll(() => {
  ensureDebianPackages(['qemu-utils', 'genisoimage']);
  authority = makeAuthority('cluster');
});
const open: HostTransfer[] = [];
afterEach(async () => {
  for (const transfer of open.splice(0)) await transfer.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** No guest runs here. */
const migrations: LiveMigrations = {
  runningXml: async () => undefined,
  check: async () => [],
  compressions: async () => [],
  ready: async () => [],
  send: () => Promise.reject(new Error('nothing runs here')),
  progress: async () => null,
  abort: async () => {},
  force: async () => {},
};

interface RealHost extends TransferHost {
  root: string;
  paths: ReturnType<typeof guestPaths>;
  /** Names of the files that it has sent. */
  sent: string[];
}

const guest = aGuest({
  imageId: 'disk',
  kernel: { imageId: 'kernel', ramdiskImageId: 'ramdisk', commandLine: 'quiet' },
  nics: [],
  configDrive: [{ path: 'openstack/latest/meta_data.json', content: '{}', encoding: 'utf8' }],
});

function aHost(
  name: string,
  images: DescribedImages,
  {
    root = mkdtempSync(join(folder, `${name}-`)),
    owner = `host ${name}`,
  }: { root?: string; owner?: string } = {},
): RealHost {
  const directory = join(root, 'guests');
  const imageDirectory = join(root, 'images');
  const files = new HostGuestFiles({ directory, imageDirectory, images, owner });
  const { cert: certificate, key } = authority.sign({ subject: `URI:${hostUri(name)}` });
  const identity = { certificate, key, authority: authority.cert };
  const sent: string[] = [];
  const transfer = new HostTransfer({
    ...{ address: '127.0.0.1', port: 0, identity: async () => identity, log: silentLog },
    files: {
      describe: (id) => files.describe(id),
      lackOfRoom: (...given) => files.lackOfRoom(...given),
      arrivalProblem: (...given) => files.arrivalProblem(...given),
      pathOf: (id, file) => {
        sent.push(file);
        return files.pathOf(id, file);
      },
      prefetch: (...given) => files.prefetch(...given),
      adopt: (...given) => files.adopt(...given),
      adoptConsole: (...given) => files.adoptConsole(...given),
    },
    hypervisor: { domainXml: async () => undefined },
    ...{ migrations, libvirtSocket: '', sockets: { here: root, forLibvirt: root } },
  });
  open.push(transfer);
  return { name, root, files, transfer, sent, paths: guestPaths(directory, guest.id) };
}

describeGuestTransfer('between hosts', async (images) => {
  const one = aHost('one', images);
  return {
    one,
    other: aHost('other', images),
    mount: (name, owner) => aHost(name, images, { root: one.root, owner }),
    write: async () => appendFileSync(one.paths.consoleLog, 'what a guest says\n'.repeat(9_000)),
  };
});

async function twoHosts() {
  const images = describedImages({
    disk: { content: Buffer.alloc(4 * mib, 'a disk ') },
    kernel: { content: Buffer.alloc(mib, 'a kernel '), diskFormat: 'aki' },
    ramdisk: { content: Buffer.from('a ramdisk'), diskFormat: 'ari' },
  });
  const [one, other] = [aHost('one', images), aHost('other', images)];
  await one.files.prepare(guest, { fresh: false });
  const offer = async () => ({ host: 'one', offer: await one.transfer.offer(guest, 'other') });
  return { one, other, offer };
}

test('after the guest is off only its disk and the text of its console are fetched', async () => {
  const { one, other, offer } = await twoHosts();
  appendFileSync(one.paths.consoleLog, 'it boots\n');
  await other.transfer.prefetch(guest, await offer());
  expect(one.sent.splice(0)).toEqual(['configDrive', 'kernel', 'ramdisk', 'base']);
  expect(existsSync(other.paths.disk)).toBe(false);
  appendFileSync(one.paths.consoleLog, 'it ends\n');
  await other.transfer.fetch(guest, { ...(await offer()), isLive: false });
  expect(one.sent).toEqual(['disk', 'console']);
  expect(readFileSync(other.paths.kernel)).toEqual(readFileSync(one.paths.kernel));
  expect(await other.files.consoleOutput(guest.id, null)).toBe('it boots\nit ends\n');
});

test('a file that has changed since is fetched again', async () => {
  const { one, other, offer } = await twoHosts();
  await other.transfer.prefetch(guest, await offer());
  appendFileSync(one.paths.kernel, 'another one');
  one.sent.length = 0;
  await other.transfer.fetch(guest, { ...(await offer()), isLive: false });
  expect(one.sent.toSorted()).toEqual(['console', 'disk', 'kernel']);
  expect(readFileSync(other.paths.kernel, 'utf8')).toContain('another one');
});

test('text that a guest wrote here stays behind that of its old host', async () => {
  const { one, other, offer } = await twoHosts();
  appendFileSync(one.paths.consoleLog, 'early\n');
  await other.transfer.fetch(guest, { ...(await offer()), isLive: true });
  appendFileSync(one.paths.consoleLog, 'while it was sent\n');
  appendFileSync(other.paths.consoleLog, 'here\n');
  await other.transfer.fetchConsole(guest, await offer());
  const all = 'early\nwhile it was sent\nhere\n';
  expect(await other.files.consoleOutput(guest.id, null)).toBe(all);
  // It moves on to a third host with all of it, and starts there without.
  const third = aHost('third', describedImages({}));
  const again = await other.transfer.offer(guest, 'third');
  await third.transfer.fetch(guest, { host: 'other', offer: again, isLive: true });
  expect(await third.files.consoleOutput(guest.id, null)).toBe(all);
  await other.files.prepare(guest, { fresh: false });
  expect(await other.files.consoleOutput(guest.id, null)).toBe('here\n');
});
