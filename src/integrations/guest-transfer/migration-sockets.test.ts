/** The sockets of a move that cannot begin, and of one whose other host has died. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostUri } from '#core/host-identity/certificate-names.ts';
import { silentLog } from '#test/silent-log.ts';
import { makeAuthority } from '#test/tls/authority.ts';
import { expect, test } from 'vitest';
import { SourceSockets } from './migration-sockets.ts';
import { PeerListener } from './peer-listener.ts';
import { acceptingLine } from './peer-stream.ts';

test('a key too long for the path of a socket leaves nothing', async () => {
  const here = mkdtempSync(join(tmpdir(), 'novella-sockets-'));
  try {
    const place = { host: 'hv2', address: '127.0.0.1', port: 1, key: 'k'.repeat(100) };
    const identity = { certificate: '', key: '', authority: '' };
    const opening = SourceSockets.open(place, {
      ...{ folder: { here, forLibvirt: here }, identity, log: silentLog },
    });
    await expect(opening).rejects.toThrow(/EINVAL|ENAMETOOLONG/);
    expect(readdirSync(here)).toEqual([]);
  } finally {
    rmSync(here, { recursive: true });
  }
});

/** Sockets to a host that accepts, and then neither reads nor ends. */
async function aSource() {
  const here = mkdtempSync(join(tmpdir(), 'novella-sockets-'));
  const cluster = makeAuthority('cluster');
  const identityOf = (name: string) => {
    const { cert: certificate, key } = cluster.sign({ subject: `URI:${hostUri(name)}`, days: 1 });
    return { certificate, key, authority: cluster.cert };
  };
  const served: string[] = [];
  const listener = new PeerListener({
    ...{ address: '127.0.0.1', port: 0, identity: async () => identityOf('hv2'), log: silentLog },
  });
  const key = await listener.open({
    peer: 'hv1',
    async serve(what, socket) {
      served.push(what);
      socket.write(acceptingLine(Date.now(), null));
      socket.allowHalfOpen = true;
      socket.pause();
      await once(socket, 'close');
    },
  });
  const sockets = await SourceSockets.open(
    { host: 'hv2', address: '127.0.0.1', port: listener.port, key },
    { folder: { here, forLibvirt: here }, identity: identityOf('hv1'), log: silentLog },
  );
  const open = async (name: string) => {
    const socket = connect(join(here, key, name));
    await once(socket, 'connect');
    return socket;
  };
  const end = async () => {
    await sockets.close();
    await listener.close(key);
    rmSync(here, { recursive: true });
  };
  return { sockets, served, open, end };
}

test('when libvirt ends its connection, QEMU’s end too, though the other host no longer answers', async () => {
  const { open, end } = await aSource();
  try {
    const [libvirt, disks] = [await open('libvirt'), await open('disks')];
    disks.resume();
    const ended = once(disks, 'close');
    libvirt.destroy();
    await ended;
    expect(disks.destroyed).toBe(true);
  } finally {
    await end();
  }
});

test('libvirt’s first connection is the one that was opened ahead', async () => {
  const { sockets, served, open, end } = await aSource();
  try {
    await sockets.dialLibvirt();
    expect(served).toEqual(['channel libvirt']);
    await open('libvirt');
    await open('disks');
    await expect.poll(() => served).toEqual(['channel libvirt', 'channel disks']);
    await open('libvirt');
    await expect.poll(() => served).toHaveLength(3);
  } finally {
    await end();
  }
});
