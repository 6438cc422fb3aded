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

test('when libvirt ends its connection, QEMU’s end too, though the other host no longer answers', async () => {
  const here = mkdtempSync(join(tmpdir(), 'novella-sockets-'));
  const cluster = makeAuthority('cluster');
  const identityOf = (name: string) => {
    const { cert: certificate, key } = cluster.sign({ subject: `URI:${hostUri(name)}`, days: 1 });
    return { certificate, key, authority: cluster.cert };
  };
  const listener = new PeerListener({
    ...{ address: '127.0.0.1', port: 0, identity: async () => identityOf('hv2'), log: silentLog },
  });
  const key = await listener.open({
    peer: 'hv1',
    // Accepts, and then neither reads nor ends.
    async serve(_, socket) {
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
  try {
    const [libvirt, disks] = ['libvirt', 'disks'].map((name) => connect(join(here, key, name)));
    await Promise.all([once(libvirt!, 'connect'), once(disks!, 'connect')]);
    disks!.resume();
    const ended = once(disks!, 'close');
    libvirt!.destroy();
    await ended;
    expect(disks!.destroyed).toBe(true);
  } finally {
    await sockets.close();
    await listener.close(key);
    rmSync(here, { recursive: true });
  }
});
