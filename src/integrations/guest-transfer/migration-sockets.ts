/**
 * The UNIX sockets of one live migration, and the connections that join those of the two hosts. On
 * the old host they are the agent's, and libvirt and QEMU connect to them; on the new one memory
 * and disks are QEMU's. libvirt requires the same paths on both hosts.
 */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import type { MigrationSockets } from '#contracts/host/movable-guest.ts';
import type { Log } from '#contracts/log.ts';
import { ComputeError } from '#core/errors.ts';
import { makeTraversable } from '#runtime/traversable-folder.ts';
import { dialPeer, type PeerPlace } from './dial-peer.ts';
import type { PeerIdentity } from './peer-identity.ts';
import { acceptingLine } from './peer-stream.ts';

const channels = ['libvirt', 'memory', 'disks'] as const;
export type Channel = (typeof channels)[number];

/** Where the sockets are: as this process sees the folder, and as libvirt does. */
export interface SocketFolder {
  here: string;
  forLibvirt: string;
}

/** What is requested for a channel. */
function channelRequest(channel: Channel): string {
  return `channel ${channel}`;
}

/** The channel in such a request; undefined: it is another one. */
export function requestedChannel(what: string): Channel | undefined {
  return channels.find((channel) => what === channelRequest(channel));
}

/** The paths of the sockets of the move with this key, as libvirt sees them. */
export function socketPaths({ forLibvirt }: SocketFolder, key: string): MigrationSockets {
  const path = (name: Channel): string => join(forLibvirt, key, name);
  return { libvirt: path('libvirt'), memory: path('memory'), disks: path('disks') };
}

/**
 * The folder in which QEMU of the new host makes its sockets. Whichever user that runs as: nobody
 * else has the key in its name, and the folder above cannot be listed.
 */
export async function makeSocketFolder({ here }: SocketFolder, key: string): Promise<void> {
  await makeTraversable(here);
  const folder = join(here, key);
  await mkdir(folder);
  await chmod(folder, 0o777);
}

export async function removeSocketFolder({ here }: SocketFolder, key: string): Promise<void> {
  await rm(join(here, key), { recursive: true, force: true });
}

/** The new host's end of one connection. `libvirtSocket`: of this host's libvirt. */
export async function joinChannel(
  socket: TLSSocket,
  channel: Channel,
  { libvirtSocket, folder, key }: { libvirtSocket: string; folder: SocketFolder; key: string },
): Promise<void> {
  const path = channel === 'libvirt' ? libvirtSocket : join(folder.here, key, channel);
  const local = connect(path);
  await new Promise<void>((resolve, reject) => {
    local.once('connect', resolve);
    local.once('error', (error) => {
      reject(new ComputeError('unavailable', `${path} cannot be opened: ${error.message}`));
    });
  });
  socket.write(acceptingLine(Date.now(), null));
  await joined(socket, local);
}

type Dial = (channel: Channel) => ReturnType<typeof dialPeer>;

/** The sockets of the old host. Each connection is continued to the new host. */
export class SourceSockets {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #folder: SocketFolder;
  readonly #key: string;
  readonly #dial: Dial;
  #dialled: ReturnType<Dial> | undefined;

  private constructor(folder: SocketFolder, key: string, dial: Dial) {
    this.#folder = folder;
    this.#key = key;
    this.#dial = dial;
  }

  static async open(
    place: PeerPlace,
    { folder, identity, log }: { folder: SocketFolder; identity: PeerIdentity; log: Log },
  ): Promise<SourceSockets> {
    const dial = (channel: Channel) => dialPeer(place, channelRequest(channel), identity);
    const sockets = new SourceSockets(folder, place.key, dial);
    await removeSocketFolder(folder, place.key);
    try {
      await makeSocketFolder(folder, place.key);
      for (const channel of channels) {
        await sockets.#listen(channel, (local) => {
          const dialled = channel === 'libvirt' ? sockets.#takeDialled() : undefined;
          joinedTo(dialled ?? dial(channel), local)
            .catch((error: unknown) => {
              log.debug({ err: error, host: place.host, channel }, 'a channel of a move has ended');
              local.destroy();
            })
            .finally(() => {
              if (channel === 'libvirt') sockets.#endChannels();
            });
        });
      }
    } catch (error) {
      await sockets.close();
      throw error;
    }
    return sockets;
  }

  /**
   * Connects to the other host's libvirt before this host's does: a handshake takes long on a busy
   * host. Throws as `dialPeer`.
   */
  async dialLibvirt(): Promise<void> {
    const dialled = this.#dial('libvirt');
    const { socket } = await dialled;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#dialled = undefined;
    });
    this.#dialled = dialled;
  }

  #takeDialled(): ReturnType<Dial> | undefined {
    const dialled = this.#dialled;
    this.#dialled = undefined;
    return dialled;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.close();
    this.#endChannels();
    await removeSocketFolder(this.#folder, this.#key);
  }

  /**
   * libvirt's connection is the last to end, except when the other host is dead: libvirt notices
   * that after 30 seconds, QEMU, which waits for the disks, only with TCP, after a quarter of an
   * hour.
   */
  #endChannels(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listen(channel: Channel, onSocket: (socket: Socket) => void): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    this.#servers.push(server);
    const path = join(this.#folder.here, this.#key, channel);
    await new Promise<void>((resolve, reject) => {
      // Also of a connection that cannot be accepted later: its peer sees it closed.
      server.on('error', reject);
      server.listen(path, resolve);
    });
    // The folder's name is the secret; libvirt hands a socket over to QEMU's user where needed.
    await chmod(path, 0o666);
  }
}

async function joinedTo(dialled: ReturnType<Dial>, local: Socket): Promise<void> {
  const { socket } = await dialled;
  await joined(socket, local);
}

/** Both directions, until both have ended. */
async function joined(one: Socket, other: Socket): Promise<void> {
  for (const socket of [one, other]) {
    socket.setNoDelay(true);
    // Two pipelines on each.
    socket.setMaxListeners(30);
  }
  try {
    await Promise.all([pipeline(one, other), pipeline(other, one)]);
  } finally {
    one.destroy();
    other.destroy();
  }
}
