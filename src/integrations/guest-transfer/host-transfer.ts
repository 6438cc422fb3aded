/**
 * Moves of guests between real hosts: the agents connect to each other with the certificates of
 * their hosts, for the length of one move. Files are fetched by the new host; a running guest is
 * sent by the old host's libvirt, whose connections the agents carry.
 */
import type { TLSSocket } from 'node:tls';
import type { Fetch, GuestTransfer, SendTo } from '#contracts/host/guest-transfer.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import type {
  Compression,
  Copying,
  DescribedFiles,
  LiveMigrations,
  MovableFiles,
  MoveProgress,
  SentBytes,
} from '#contracts/host/movable-guest.ts';
import type { Log } from '#contracts/log.ts';
import { ComputeError, errorText, invariant } from '#core/errors.ts';
import type { Guest } from '#core/guests/description/guest.ts';
import { clockProblems, type FailedCheck } from '#core/guests/moves/preflight.ts';
import { fetchFile, requestedFile, sendFile } from './copy-file.ts';
import {
  joinChannel,
  makeSocketFolder,
  removeSocketFolder,
  requestedChannel,
  type SocketFolder,
  socketPaths,
  SourceSockets,
} from './migration-sockets.ts';
import { dialPeer, type PeerPlace } from './dial-peer.ts';
import { acceptingLine } from './peer-stream.ts';
import type { PeerIdentity } from './peer-identity.ts';
import { PeerListener } from './peer-listener.ts';
import { type Arrival, type Offer, parseArrival, parseOffer } from './transfer-texts.ts';

export interface HostTransferOptions {
  /** Where other hosts reach this one. */
  address: string;
  port: number;
  identity: () => Promise<PeerIdentity>;
  files: MovableFiles;
  hypervisor: Pick<Hypervisor, 'domainXml'>;
  migrations: LiveMigrations;
  /** Of this host's libvirt, as this process sees it. */
  libvirtSocket: string;
  sockets: SocketFolder;
  log: Log;
  /** Epoch milliseconds. Default: the clock of this machine. */
  now?: () => number;
}

/** The host that a guest is sent to. `arrival`: the text that its `expect` returned. */
interface Destination {
  host: string;
  arrival: string;
}

/** What one guest's connections with that host are permitted by. */
interface Open {
  key: string;
  peer: string;
}

/** What is requested for the clock in the answer. */
const clockOnly = 'clock';
/** What is requested once every file has been fetched. */
const allFetched = 'done';

export class HostTransfer implements GuestTransfer {
  readonly #options: HostTransferOptions;
  readonly #listener: PeerListener;
  /** What is offered and expected, by guest. */
  readonly #offered = new Map<string, Open>();
  readonly #expected = new Map<string, Open>();
  /** What is open to the hosts that guests are sent to, by guest. */
  readonly #connected = new Map<
    string,
    Open & { sockets: SourceSockets; compressions: Compression[] }
  >();
  /** What is being fetched, by guest. */
  readonly #fetching = new Map<
    string,
    Pick<Open, 'peer'> & { fetched: SentBytes; ending: AbortController }
  >();

  constructor(options: HostTransferOptions) {
    this.#options = options;
    this.#listener = new PeerListener(options);
  }

  async offer(guest: Guest, to: string): Promise<string> {
    const { address, files, migrations } = this.#options;
    await this.#endOffer(guest.id);
    const described = await files.describe(guest.id);
    const running = await migrations.runningXml(guest.id);
    const key = await this.#listener.open({
      peer: to,
      serve: (what, socket) => this.#serveFile(guest.id, { what, socket, described }),
    });
    this.#offered.set(guest.id, { key, peer: to });
    const { port } = this.#listener;
    const offer: Offer = {
      address,
      port,
      key,
      ...described,
      ...(running !== undefined && { running }),
    };
    return JSON.stringify(offer);
  }

  async prefetch(guest: Guest, from: Pick<Fetch, 'host' | 'offer'>): Promise<void> {
    await this.#fetched(guest.id, from, (described, how) =>
      this.#options.files.prefetch(guest, described, how),
    );
  }

  async fetch(guest: Guest, { isLive, ...from }: Fetch): Promise<void> {
    await this.#fetched(guest.id, from, (described, how) =>
      this.#options.files.adopt(guest, described, { ...how, isLive }),
    );
  }

  async fetchConsole({ id }: Guest, from: Pick<Fetch, 'host' | 'offer'>): Promise<void> {
    await this.#fetched(id, from, (described, how) =>
      this.#options.files.adoptConsole(id, described, how),
    );
  }

  /** Copies what is offered there, and ends the offer. */
  // oxlint-disable-next-line max-params -- of which guest, from where, and what is done
  async #fetched(
    guestId: string,
    { host, offer: text }: Pick<Fetch, 'host' | 'offer'>,
    work: (described: DescribedFiles, how: Copying & { mark: string }) => Promise<void>,
  ): Promise<void> {
    const { address, port, key, ...described } = parseOffer(text);
    const ending = new AbortController();
    const place = { host, address, port, key, signal: ending.signal };
    const own = await this.#options.identity();
    const fetched: SentBytes = { total: 0, processed: 0, remaining: 0 };
    const onBytes = (bytes: number): void => {
      fetched.processed += bytes;
      fetched.remaining = Math.max(fetched.total - fetched.processed, 0);
    };
    this.#fetching.set(guestId, { peer: host, fetched, ending });
    try {
      await work(described, {
        host,
        mark: key,
        copy: ({ name, bytes }, path) => fetchFile(place, { name, bytes, path }, own, { onBytes }),
        announce: (bytes) => {
          fetched.total += bytes;
          fetched.remaining += bytes;
        },
      });
    } finally {
      this.#fetching.delete(guestId);
    }
    await this.#allFetched(place, own);
  }

  async checkArrival(
    guest: Guest,
    { host, offer: text, isLive, keepsFiles = false }: Fetch & { keepsFiles?: boolean },
  ): Promise<FailedCheck[]> {
    const { files, migrations } = this.#options;
    const { address, port, key, running, ...described } = parseOffer(text);
    const folder = await this.checkFolder(guest, { offer: text, keepsFiles });
    const room = keepsFiles ? undefined : await files.lackOfRoom(guest, described, host);
    return [
      ...(await this.#checkPeer({ host, address, port, key })),
      ...(isLive && running !== undefined ? await migrations.check(running) : []),
      ...folder,
      ...(room === undefined ? [] : [{ check: 'disk', why: room } as const]),
    ];
  }

  async checkFolder(
    { id }: Guest,
    { offer, keepsFiles }: Pick<Fetch, 'offer'> & { keepsFiles: boolean },
  ): Promise<FailedCheck[]> {
    const why = await this.#options.files.arrivalProblem(id, parseOffer(offer), { keepsFiles });
    return why === undefined ? [] : [{ check: 'files', why }];
  }

  /** Reaches the other host as for a file, which reports its clock. */
  async #checkPeer(place: PeerPlace): Promise<FailedCheck[]> {
    const { identity, now = Date.now } = this.#options;
    const own = await identity();
    const asked = now();
    try {
      const { socket, opened } = await dialPeer(place, clockOnly, own);
      socket.destroy();
      return clockProblems(place.host, { clock: opened.clock, asked, answered: now() });
    } catch (error) {
      return [{ check: 'connection', why: errorText(error) }];
    }
  }

  async expect(
    guest: Guest,
    { host, keepsFiles = false }: { host: string; keepsFiles?: boolean },
  ): Promise<string> {
    const { address, hypervisor, sockets, libvirtSocket } = this.#options;
    await this.#endExpectation(guest.id);
    const definition = await hypervisor.domainXml(guest.id);
    invariant(definition, `guest ${guest.id}: expected before it is defined`);
    let key = '';
    const serve = async (what: string, socket: TLSSocket): Promise<void> => {
      const channel = requestedChannel(what);
      if (channel === undefined) throw unknownRequest(what);
      await joinChannel(socket, channel, { libvirtSocket, folder: sockets, key });
    };
    key = await this.#listener.open({ peer: host, serve });
    this.#expected.set(guest.id, { key, peer: host });
    await makeSocketFolder(sockets, key);
    const { port } = this.#listener;
    const compressions = await this.#options.migrations.compressions();
    const arrival: Arrival = {
      address,
      port,
      key,
      definition,
      compressions,
      ...(keepsFiles && { sharesDisk: true }),
    };
    return JSON.stringify(arrival);
  }

  async connect(guest: Guest, { host, arrival: text }: Destination): Promise<void> {
    const { migrations, sockets: folder, identity, log } = this.#options;
    const { address, port, key, compressions = [] } = parseArrival(text);
    if (this.#connected.get(guest.id)?.key === key) return;
    await this.#disconnect(guest.id);
    const own = await migrations.ready();
    const place = { host, address, port, key };
    const sockets = await SourceSockets.open(place, { folder, identity: await identity(), log });
    const both = own.filter((method) => compressions.includes(method));
    this.#connected.set(guest.id, { key, peer: host, sockets, compressions: both });
    try {
      await sockets.dialLibvirt();
    } catch (error) {
      await this.#disconnect(guest.id);
      throw error;
    }
  }

  async send(guest: Guest, to: SendTo): Promise<void> {
    const { migrations, sockets: folder } = this.#options;
    await this.connect(guest, to);
    const { definition, key, sharesDisk = false } = parseArrival(to.arrival);
    const { compressions = [] } = this.#connected.get(guest.id) ?? {};
    try {
      const sockets = socketPaths(folder, key);
      const { onStandby } = to;
      await migrations.send(guest.id, {
        definition,
        sockets,
        compressions,
        sharesDisk,
        ...(onStandby !== undefined && { onStandby }),
      });
    } finally {
      await this.#disconnect(guest.id);
    }
    await this.#endOffer(guest.id);
  }

  async progress(guestId: string): Promise<MoveProgress | null> {
    const fetching = this.#fetching.get(guestId);
    if (fetching === undefined) return this.#options.migrations.progress(guestId);
    return { memory: { total: 0, processed: 0, remaining: 0 }, disk: { ...fetching.fetched } };
  }

  abort(guestId: string): Promise<void> {
    return this.#options.migrations.abort(guestId);
  }

  force(guestId: string): Promise<void> {
    return this.#options.migrations.force(guestId);
  }

  async end(guestId: string): Promise<void> {
    const fetching = this.#fetching.get(guestId);
    fetching?.ending.abort(endedFetch(guestId, fetching.peer));
    await this.#disconnect(guestId);
    await this.#endOffer(guestId);
    await this.#endExpectation(guestId);
  }

  async endWith(host: string): Promise<void> {
    await this.#endAll(({ peer }) => peer === host);
  }

  async close(): Promise<void> {
    await this.#endAll(() => true);
  }

  async #endAll(isEnded: (open: Pick<Open, 'peer'>) => boolean): Promise<void> {
    const all = [this.#offered, this.#expected, this.#connected, this.#fetching];
    const open = all.flatMap((of) => [...of]).filter(([, each]) => isEnded(each));
    for (const id of new Set(open.map(([guestId]) => guestId))) await this.end(id);
  }

  /** The other host may end its offer; without this the end of the move does that. */
  async #allFetched(place: PeerPlace, own: PeerIdentity): Promise<void> {
    try {
      const { socket } = await dialPeer(place, allFetched, own);
      socket.destroy();
    } catch (error) {
      this.#options.log.debug({ err: error, host: place.host }, 'an offer was not ended');
    }
  }

  async #serveFile(
    guestId: string,
    { what, socket, described }: { what: string; socket: TLSSocket; described: DescribedFiles },
  ): Promise<void> {
    if (what === clockOnly) {
      socket.end(acceptingLine(Date.now(), null));
      return;
    }
    if (what === allFetched) {
      socket.end(acceptingLine(Date.now(), null), () => void this.#endOffer(guestId));
      return;
    }
    const name = requestedFile(what);
    const base = described.disk?.base;
    const file =
      name === 'base' && base != null ? base : described.files.find((each) => each.name === name);
    const path = name === undefined ? undefined : await this.#options.files.pathOf(guestId, name);
    if (file === undefined || path === undefined) throw unknownRequest(what);
    await sendFile(socket, path, file.bytes);
  }

  async #disconnect(guestId: string): Promise<void> {
    const open = this.#connected.get(guestId);
    this.#connected.delete(guestId);
    await open?.sockets.close();
  }

  async #endOffer(guestId: string): Promise<void> {
    const offered = this.#offered.get(guestId);
    this.#offered.delete(guestId);
    if (offered !== undefined) await this.#listener.close(offered.key);
  }

  async #endExpectation(guestId: string): Promise<void> {
    const expected = this.#expected.get(guestId);
    this.#expected.delete(guestId);
    if (expected === undefined) return;
    await this.#listener.close(expected.key);
    await removeSocketFolder(this.#options.sockets, expected.key);
  }
}

function endedFetch(guestId: string, host: string): ComputeError {
  const why = `host ${host} was revoked, or the move was ended`;
  return new ComputeError(
    'unavailable',
    `the files of guest ${guestId} were not copied from host ${host}: ${why}`,
  );
}

function unknownRequest(what: string): ComputeError {
  return new ComputeError('notFound', `it does not offer "${what}"`);
}
