/** What ends the offers and fetches of a guest's files, between two hosts on this machine. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Copying, LiveMigrations, MovableFiles } from '#contracts/host/movable-guest.ts';
import { hostUri } from '#core/host-identity/certificate-names.ts';
import { aGuest } from '#test/hosts/guests.ts';
import { silentLog } from '#test/silent-log.ts';
import { makeAuthority } from '#test/tls/authority.ts';
import { dialPeer } from './dial-peer.ts';
import { HostTransfer } from './host-transfer.ts';
import { PeerListener } from './peer-listener.ts';

const authority = makeAuthority('cluster');
const folder = mkdtempSync(join(tmpdir(), 'novella-transfer-'));
const identityOf = (name: string) => {
  const { cert: certificate, key } = authority.sign({ subject: `URI:${hostUri(name)}` });
  return async () => ({ certificate, key, authority: authority.cert });
};
const listener = new PeerListener({
  ...{ address: '127.0.0.1', port: 0, identity: identityOf('hv1'), log: silentLog },
});
let key = '';
afterEach(() => listener.close(key));
afterAll(() => rmSync(folder, { recursive: true }));

const unused = () => Promise.reject(new Error('not used here'));
const migrations: LiveMigrations = {
  ...{
    runningXml: async () => undefined,
    check: unused,
    compressions: unused,
    ready: unused,
    send: unused,
  },
  ...{ progress: async () => null, abort: unused, force: unused },
};

/** Of host hv2. */
function aTransfer(has: Partial<MovableFiles>): HostTransfer {
  const files: MovableFiles = {
    ...{
      describe: unused,
      lackOfRoom: unused,
      arrivalProblem: unused,
      pathOf: unused,
      prefetch: unused,
    },
    ...{ adopt: unused, adoptConsole: unused, ...has },
  };
  return new HostTransfer({
    ...{ address: '127.0.0.1', port: 0, identity: identityOf('hv2'), log: silentLog, files },
    ...{ hypervisor: { domainXml: async () => undefined }, migrations },
    ...{ libvirtSocket: '', sockets: { here: folder, forLibvirt: folder } },
  });
}

/** Host hv2 fetches two files of which hv1 sends the first one in part. */
async function fetching() {
  const requested: string[] = [];
  const begun = Promise.withResolvers<void>();
  key = await listener.open({
    peer: 'hv2',
    async serve(what, socket) {
      requested.push(what);
      socket.write('ok 1 1000\nthe first bytes');
      begun.resolve();
    },
  });
  const path = join(folder, 'disk');
  const prefetch = async (_guest: unknown, _described: unknown, { copy }: Copying) => {
    // A file that is missing is no reason to leave the other one out.
    const first = await copy({ name: 'disk', bytes: 1_000 }, path).catch((error: unknown) => error);
    await copy({ name: 'kernel', bytes: 1_000 }, join(folder, 'kernel'));
    throw first;
  };
  const transfer = aTransfer({ prefetch });
  const guest = aGuest({});
  const offer = { address: '127.0.0.1', port: listener.port, key, files: [], disk: null };
  const error = transfer
    .prefetch(guest, { host: 'hv1', offer: JSON.stringify(offer) })
    .catch((failed: unknown) => failed);
  await begun.promise;
  return { transfer, guest, error, path, requested };
}

const ended = (guestId: string) => ({
  kind: 'unavailable',
  message: `the files of guest ${guestId} were not copied from host hv1: host hv1 was revoked, or the move was ended`,
});

test.each<[string, (transfer: HostTransfer, guestId: string) => Promise<void>]>([
  ['of the guest', (transfer, guestId) => transfer.end(guestId)],
  ['of all with the other host', (transfer) => transfer.endWith('hv1')],
  ['of all', (transfer) => transfer.close()],
])('the end %s ends what is fetched, with the reason; no other file follows', async (_of, end) => {
  const { transfer, guest, error, path, requested } = await fetching();
  await transfer.end('another guest');
  await transfer.endWith('hv3');
  expect(await transfer.progress(guest.id)).not.toBeNull();
  await end(transfer, guest.id);
  expect(await error).toMatchObject(ended(guest.id));
  expect(existsSync(path)).toBe(false);
  expect(requested).toEqual(['file disk']);
  expect(await transfer.progress(guest.id)).toBeNull();
});

test('what is offered to a host ends with the transfers of that host, and of no other', async () => {
  const transfer = aTransfer({ describe: async () => ({ files: [], disk: null }) });
  const [one, other] = [aGuest({ id: 'guest-1' }), aGuest({ id: 'guest-2' })];
  const places = [await transfer.offer(one, 'hv1'), await transfer.offer(other, 'hv3')].map(
    (text) => ({
      host: 'hv2',
      ...(JSON.parse(text) as { address: string; port: number; key: string }),
    }),
  );
  await transfer.endWith('hv1');
  const dialled = await Promise.allSettled([
    dialPeer(places[0]!, 'clock', await identityOf('hv1')()),
    dialPeer(places[1]!, 'clock', await identityOf('hv3')()),
  ]);
  await transfer.close();
  expect(dialled).toMatchObject([
    { status: 'rejected', reason: { message: expect.stringContaining('does not offer') } },
    { status: 'fulfilled' },
  ]);
});
