/**
 * Reconciles servers with the guests that one host reports: servers follow theirs, left-over guests
 * of deleted servers are removed, unknown guests are shown to the operator and never touched. While
 * a workflow runs for a server it alone decides; it is compared when that ends.
 */
import type { HostReport } from '#contracts/host/host-link.ts';
import type { Host, ServerStanding } from '#contracts/store/store.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { followGuest, type GuestState } from '#core/guests/follow-guest.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostBatches } from './host-batches.ts';
import { beginFollowing } from './follow-guest.ts';

type KnownGuest = { name: string; state: GuestState };

export class GuestReconciler {
  readonly #context: WorkflowContext;
  readonly #host: Pick<Host, 'id' | 'name'>;
  /** As last reported. */
  readonly #found = new Map<string, KnownGuest>();
  /** Waiting for the end of a workflow. */
  readonly #waiting = new Map<string, () => void>();
  readonly #strays = new Map<string, HostProblem>();

  constructor(context: WorkflowContext, host: Pick<Host, 'id' | 'name'>) {
    this.#context = context;
    this.#host = host;
  }

  /** Guests on the host that belong to no server there, as problems of the host. */
  get strays(): HostProblem[] {
    return [...this.#strays.values()];
  }

  /** Handles the first list of a link: all servers of the host are compared with it. */
  async initialSync(report: HostReport): Promise<void> {
    if (report.hypervisorIsSilent === true) return;
    const servers = await hostBatches(this.#context).servers.run(this.#host.id);
    const unsettled = new Set(report.unsettledGuests);
    const listed = new Set(report.guests.map(({ id }) => id));
    for (const id of servers) {
      if (!listed.has(id) && !unsettled.has(id)) await this.onGuestState(id, 'gone');
    }
    await this.sync(report);
  }

  /** Handles a later list: only differences from the previous report are compared. */
  async sync(report: HostReport): Promise<void> {
    if (report.hypervisorIsSilent === true) return;
    const unsettled = new Set(report.unsettledGuests);
    const listed = new Map(report.guests.map((guest) => [guest.id, guest]));
    for (const id of this.#found.keys()) {
      if (!listed.has(id) && !unsettled.has(id)) await this.onGuestState(id, 'gone');
    }
    for (const { id, name, state } of listed.values()) {
      if (unsettled.has(id) || this.#found.get(id)?.state === state) continue;
      await this.onGuestState(id, state, name);
    }
  }

  async onGuestState(guestId: string, state: GuestState, name?: string): Promise<void> {
    const known = { name: name ?? this.#found.get(guestId)?.name ?? guestId, state };
    this.#found.set(guestId, known);
    await this.#reconcile(guestId, known);
  }

  /**
   * As `onGuestState`, while the result of a command for the guest is pending: it is compared when
   * the workflow ends that gave the command, or at `onAnswer`. Costs the database nothing.
   */
  duringCommand(guestId: string, state: GuestState): void {
    this.#found.set(guestId, { name: this.#found.get(guestId)?.name ?? guestId, state });
    this.#listenForEnd(guestId);
  }

  /** A result was recorded that no workflow of this process continues with. */
  async onAnswer(guestId: string): Promise<void> {
    if (this.#waiting.has(guestId)) await this.#reconcileAgain(guestId);
  }

  /** Whether guests wait for the end of a workflow. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Finds what a lost wake-up missed. */
  async retryPending(): Promise<void> {
    const waiting = [...this.#waiting.keys()];
    for (const id of waiting) await this.#reconcileAgain(id);
  }

  close(): void {
    for (const stop of this.#waiting.values()) stop();
    this.#waiting.clear();
  }

  async #reconcile(id: string, { name, state }: KnownGuest): Promise<void> {
    const { store } = this.#context;
    if ((await store.tasks.of(id)) !== undefined) return this.#waitForEnd(id);
    const server = await store.servers.get(id);
    if (state === 'gone') this.#found.delete(id);
    if (server === undefined || server.deletedAt !== null || server.hostId !== this.#host.id) {
      return this.#reconcileStray(id, { name, state }, server);
    }
    this.#strays.delete(id);
    const following = followGuest(server, state);
    if (following === undefined) return;
    const { action } = following;
    if (!(await beginFollowing(this.#context, server, { state, action }))) {
      await this.#waitForEnd(id);
    }
  }

  async #reconcileStray(id: string, guest: KnownGuest, server: Server | undefined): Promise<void> {
    if (guest.state === 'gone') {
      this.#strays.delete(id);
      return;
    }
    if (server?.hostId === this.#host.id && server.deletedAt !== null) {
      // Its devices and ports were released with the row: only the guest is left.
      const body = { do: 'destroy', guestId: id } as const;
      await this.#context.store.commands.issue({ hostId: this.#host.id, serverId: id, body });
      this.#context.wakeup.notify(`commands:${this.#host.id}`);
      return;
    }
    const isDamaged =
      server === undefined && (await this.#context.store.servers.damage(id)) !== undefined;
    const problem = strayProblem({ id, name: guest.name }, isDamaged ? 'damaged' : server);
    if (!this.#strays.has(id)) {
      this.#context.log.warn({ host: this.#host.name, guest: id }, problem.message);
    }
    this.#strays.set(id, problem);
  }

  async #waitForEnd(id: string): Promise<void> {
    if (!this.#listenForEnd(id)) return;
    // It may have ended before the listener was added.
    if ((await this.#context.store.tasks.of(id)) === undefined) await this.#reconcileAgain(id);
  }

  /** False: there was a listener already. */
  #listenForEnd(id: string): boolean {
    if (this.#waiting.has(id)) return false;
    const again = (): void => void this.#reconcileAgain(id);
    this.#waiting.set(id, this.#context.wakeup.listen(`ended:${id}`, again));
    return true;
  }

  /** Whether there is nothing to do, as after nearly every workflow. */
  #agrees(server: ServerStanding, found: GuestState): boolean {
    if (server.deletedAt !== null) return found === 'gone';
    return server.hostId === this.#host.id && followGuest(server, found) === undefined;
  }

  async #reconcileAgain(id: string): Promise<void> {
    this.#waiting.get(id)?.();
    this.#waiting.delete(id);
    const known = this.#found.get(id);
    if (known === undefined) return;
    try {
      const standing = await this.#context.store.servers.standing(id);
      if (standing?.isBusy === true) return await this.#waitForEnd(id);
      if (standing === undefined || !this.#agrees(standing, known.state)) {
        return await this.#reconcile(id, known);
      }
      if (known.state === 'gone') this.#found.delete(id);
      this.#strays.delete(id);
    } catch (error) {
      this.#context.log.error({ err: error, guest: id }, 'guest cannot be followed');
    }
  }
}

function strayProblem(
  { id, name }: { id: string; name: string },
  server: Server | 'damaged' | undefined,
): HostProblem {
  const why =
    server === undefined
      ? 'no server has it; if it is not needed: virsh destroy, virsh undefine'
      : server === 'damaged'
        ? 'the record of its server cannot be read: delete the server, or restore a backup'
        : `its server is on ${server.hostName ?? 'no host'}`;
  const message = `guest ${name} (${id}) is on this host, and ${why}`;
  return { code: 'stray-guest', message, blocks: 'none' };
}
