/**
 * Moves of guests between simulated hosts. Hosts in different processes do not reach each other,
 * so the offer has all that the other host needs, and a guest that is sent live ends here and is
 * started there.
 */
import type { Fetch, GuestTransfer, SendTo } from '#contracts/host/guest-transfer.ts';
import type { Hypervisor } from '#contracts/host/hypervisor.ts';
import type { MoveProgress } from '#contracts/host/movable-guest.ts';
import { ComputeError } from '#core/errors.ts';
import { type Guest, standbyOf } from '#core/guests/description/guest.ts';
import { clockProblems, type FailedCheck } from '#core/guests/moves/preflight.ts';
import { isLive as runsNow } from '#core/guests/plan/plan.ts';
import { AbortedMove } from '#core/servers/aborted-move.ts';
import type { SimulatedGuestFiles } from './guest-files.ts';
import type { HostFaults, SimulatedFault } from './host-faults.ts';

/** Texts of libvirt. */
const otherCpu =
  'the CPU is incompatible with host CPU: Host CPU does not provide required features: avx512f';
const unknownMachine =
  "invalid argument: the machine 'pc-q35-10.0' is not supported by emulator '/usr/bin/qemu-system-x86_64'";
const noRoom = 'disk full: the disk needs 20480 MiB, and 64 MiB must stay free; 100 MiB are free';
const wrongByMs = 60_000;

/** A guest on its way, on a host with slow moves. */
interface Sent {
  memoryBytes: number;
  arrive: () => void;
  abort: () => void;
}

export class SimulatedTransfer implements GuestTransfer {
  readonly #files: SimulatedGuestFiles;
  readonly #hypervisor: Hypervisor;
  readonly #faults: HostFaults;
  readonly #sent = new Map<string, Sent>();

  // oxlint-disable-next-line max-params -- what the host has of guests, and how it fails
  constructor(files: SimulatedGuestFiles, hypervisor: Hypervisor, faults: HostFaults) {
    this.#files = files;
    this.#hypervisor = hypervisor;
    this.#faults = faults;
  }

  offer({ id }: Guest): Promise<string> {
    return this.#files.describe(id);
  }

  async checkArrival(
    guest: Guest,
    { host, offer, isLive, keepsFiles = false }: Fetch & { keepsFiles?: boolean },
  ): Promise<FailedCheck[]> {
    const folder = await this.checkFolder(guest, { offer, keepsFiles });
    const has = (fault: SimulatedFault) => this.#faults.has(fault);
    const clock = Date.now();
    const own = clock + (has('wrong-clock') ? wrongByMs : 0);
    const failed = clockProblems(host, { clock, asked: own, answered: own });
    if (isLive && has('no-machine')) failed.push({ check: 'machine', why: unknownMachine });
    if (isLive && has('other-cpu')) failed.push({ check: 'cpu', why: otherCpu });
    failed.push(...folder);
    if (has('disk-full') && !keepsFiles) failed.push({ check: 'disk', why: noRoom });
    return failed;
  }

  async checkFolder(
    { id }: Guest,
    { offer, keepsFiles }: Pick<Fetch, 'offer'> & { keepsFiles: boolean },
  ): Promise<FailedCheck[]> {
    const why = this.#files.arrivalProblem(id, offer, { keepsFiles });
    return why === undefined ? [] : [{ check: 'files', why }];
  }

  prefetch(guest: Guest, { offer }: Pick<Fetch, 'offer'>): Promise<void> {
    return this.#files.receive(guest, offer, { text: false });
  }

  fetch(guest: Guest, { offer }: Pick<Fetch, 'offer'>): Promise<void> {
    return this.#files.receive(guest, offer, { text: true });
  }

  /** A guest that has come live is in the offer with all that it wrote. */
  fetchConsole(guest: Guest, { offer }: Pick<Fetch, 'offer'>): Promise<void> {
    return this.#files.receive(guest, offer, { text: true });
  }

  expect(): Promise<string> {
    return Promise.resolve('simulated');
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  async send({ id, name, memoryMib, nics }: Guest, { onStandby }: SendTo): Promise<void> {
    const found = (await this.#hypervisor.listGuests()).find((each) => each.id === id);
    if (found === undefined || !runsNow(found)) {
      throw new ComputeError('conflict', `guest ${name}: does not run`);
    }
    if (nics.some(standbyOf)) {
      onStandby?.();
      this.#faults.refuseRelease(name, 'its VFs with standbys');
    }
    if (this.#faults.has('slow-moves')) await this.#onItsWay(id, memoryMib * 1024 ** 2);
    await this.#hypervisor.destroy(id);
    await this.#hypervisor.undefine(id);
  }

  async #onItsWay(id: string, memoryBytes: number): Promise<void> {
    const arrived = Promise.withResolvers<void>();
    this.#sent.set(id, {
      memoryBytes,
      arrive: arrived.resolve,
      abort: () => arrived.reject(new AbortedMove()),
    });
    const unlisten = this.#faults.onChange((fault) => {
      if (fault === 'slow-moves') arrived.resolve();
    });
    try {
      await arrived.promise;
    } finally {
      unlisten();
      this.#sent.delete(id);
    }
  }

  /** Half of its memory has been sent while it is on its way; another job has no figures. */
  progress(guestId: string): Promise<MoveProgress | null> {
    const sent = this.#sent.get(guestId);
    if (sent === undefined && !this.#faults.has('busy-guests')) return Promise.resolve(null);
    const { memoryBytes: total } = sent ?? { memoryBytes: 0 };
    const half = total / 2;
    return Promise.resolve({
      memory: { total, processed: half, remaining: half },
      disk: { total: 0, processed: 0, remaining: 0 },
    });
  }

  async abort(guestId: string): Promise<void> {
    this.#sent.get(guestId)?.abort();
    return Promise.resolve();
  }

  async force(guestId: string): Promise<void> {
    this.#sent.get(guestId)?.arrive();
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  endWith(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
