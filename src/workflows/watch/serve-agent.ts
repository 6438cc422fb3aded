/**
 * The controller's end of one agent's link: handles its reports and results, and sends it the
 * pending commands of its host.
 */
import {
  type CertificateOffer,
  type ControllerEnd,
  type HostCommand,
  type HostReport,
  questions,
  type ToAgent,
  type ToController,
  type Uptime,
} from '#contracts/host/host-link.ts';
import type { Host } from '#contracts/store/store.ts';
import { isSame } from '#core/is-same.ts';
import { ComputeError } from '#core/errors.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import { SerialQueue } from '#runtime/serial-queue.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { boundedMessage } from './bounded-message.ts';
import type { TrafficLink } from '../hosts/host-traffic.ts';
import { hostBatches } from './host-batches.ts';
import { recordAnswer } from './record-answer.ts';
import { refreshInventory } from './refresh-inventory.ts';
import { GuestReconciler } from './reconcile-guests.ts';

/** What is called with the reports of an agent. */
export interface ReportListener {
  /** Before a report is recorded: the host is not shown with it yet. */
  onReceived: (host: string, report: HostReport) => void;
  /** Once a report is in the store; from the first one on the host can be scheduled to. */
  onReport: (host: Host) => void;
}

interface SessionListener extends Partial<ReportListener> {
  /** For a host with a token without an end; absent: it has a certificate. */
  offer?: () => Promise<CertificateOffer>;
  /** When the first report could not be stored. */
  onHelloFailed?: (error: unknown) => void;
}

/** Serves one agent until its link closes. Messages are handled in order. */
export function serveAgent(
  context: WorkflowContext,
  end: ControllerEnd,
  listener: SessionListener = {},
): ServedAgent {
  const session = new AgentSession(context, end, listener);
  end.onMessage(async (message) => {
    try {
      await session.take(boundedMessage(message));
    } catch (error) {
      context.log.error({ err: error, message: message.type }, 'agent message failed');
      if (message.type === 'hello') listener.onHelloFailed?.(error);
    }
  });
  end.onClose(() => session.close());
  return session;
}

export interface ServedAgent {
  /**
   * As a heartbeat with this uptime, if it has linked: for an agent in this process, which sends
   * none.
   */
  beat(uptime: Uptime | undefined): void;
}

type Hello = Extract<ToController, { type: 'hello' }>;
type ResultMessage = Extract<ToController, { type: 'result' }>;
type GuestChanged = Extract<ToController, { type: 'guest-changed' }>;

const resendMs = 1_000;
/**
 * Agents number their links by their clock. A greater number would keep every later link of the
 * host away, and an agent that was replaced cannot know it.
 */
const furthestAheadMs = 366 * 86_400_000;

class AgentSession implements ServedAgent {
  readonly #context: WorkflowContext;
  readonly #end: ControllerEnd;
  readonly #listener: SessionListener;
  #host: Host | undefined;
  #guests: GuestReconciler | undefined;
  #lastSent = 0;
  /** Its record among those of all controllers, where there may be several. */
  #record: { hostId: string; link: number } | undefined;
  /** The servers of commands that were sent and have no result yet, by number. */
  readonly #unanswered = new Map<number, string>();
  #isClosed = false;
  #unlisten: () => void = () => {};
  #unlink: () => void = () => {};
  #unlinkConsoles: () => void = () => {};
  #unlinkImages: () => void = () => {};
  #traffic: TrafficLink | undefined;
  readonly #sending = new SerialQueue();

  constructor(context: WorkflowContext, end: ControllerEnd, listener: SessionListener) {
    this.#context = context;
    this.#end = end;
    this.#listener = listener;
  }

  async take(message: ToController): Promise<void> {
    const { links } = this.#context;
    if (this.#isFenced()) return;
    // A late result is still true; other messages of a closed link may be older than those of its
    // successor.
    if (this.#isClosed && message.type !== 'result') return;
    if (message.type === 'hello') return this.#hello(message);
    const host = this.#host;
    if (host === undefined) {
      throw new ComputeError('invalid', `the agent sent "${message.type}" before "hello"`);
    }
    links.noteSeen(host);
    switch (message.type) {
      case 'report':
        await this.#takeReport(host, message.report).then(this.#listener.onReport);
        return;
      case 'guest-changed':
        await this.#takeGuestState(message);
        return;
      case 'console':
        links.consoles.answer(host.name, message.answer);
        return;
      case 'traffic':
        this.#traffic?.take(message.vfs);
        return;
      case 'heartbeat':
        links.noteUptime(host.id, message.uptime);
        await this.#guests?.retryPending();
        return;
      case 'result':
        await this.#takeResult(host, message);
        return;
    }
  }

  /** The agent links again, to a controller that is not. */
  #isFenced(): boolean {
    const isFenced = this.#context.links.shared?.isFenced() === true;
    if (isFenced) this.#end.close();
    return isFenced;
  }

  async #takeGuestState({ guestId, state }: GuestChanged): Promise<void> {
    const guests = this.#guests;
    const isCommanded = [...this.#unanswered.values()].includes(guestId);
    if (isCommanded) guests?.duringCommand(guestId, state);
    else if (await this.#isNewest()) await guests?.onGuestState(guestId, state);
  }

  /** Reports are compared as they are recorded. */
  async #isNewest(): Promise<boolean> {
    const { shared } = this.#context.links;
    if (shared === undefined || this.#record === undefined) return true;
    const { hostId, link } = this.#record;
    return (await shared.newest(hostId)) <= link;
  }

  async #takeResult(host: Host, message: ResultMessage): Promise<void> {
    const { store, wakeup } = this.#context;
    const { seq } = message;
    const continues = await this.#recordResult(host, message);
    const serverId = this.#unanswered.get(seq);
    this.#unanswered.delete(seq);
    if (serverId === undefined) wakeup.notify(`answered:${host.id}`);
    // Without this message the agent sends the result again.
    store.onDiskSoon().then(
      () => this.#end.send({ type: 'recorded', seq }),
      () => undefined,
    );
    if (!continues && serverId !== undefined) await this.#guests?.onAnswer(serverId);
  }

  beat(uptime: Uptime | undefined): void {
    const host = this.#host;
    if (host === undefined || this.#isClosed) return;
    this.#context.links.noteSeen(host);
    this.#context.links.noteUptime(host.id, uptime);
    if (this.#guests?.isWaiting === true) void this.#guests.retryPending();
  }

  /**
   * Returns whether a task continues with it here. A result that cannot be recorded is requested
   * again: the agent keeps it, and a lost result would park its task for ever.
   */
  async #recordResult(host: Host, { seq, result }: ResultMessage): Promise<boolean> {
    try {
      return await recordAnswer(this.#context, { hostId: host.id, seq, result });
    } catch (error) {
      this.#lastSent = Math.min(this.#lastSent, seq - 1);
      setTimeout(() => this.#send(host), resendMs);
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#unlisten();
    this.#unlink();
    this.#unlinkConsoles();
    this.#unlinkImages();
    this.#traffic?.end();
    this.#forgetGuests();
    if (this.#record === undefined) return;
    const sentUpTo = this.#context.links.sentUpTo(this.#record.hostId);
    this.#context.links.shared?.close({ ...this.#record, sentUpTo });
  }

  #forgetGuests(): void {
    this.#guests?.close();
    this.#guests = undefined;
  }

  /**
   * Inventory first: what guests need of it is there when they are compared. Unknown guests are
   * problems of the host.
   */
  async #takeReport(host: Pick<Host, 'name'>, report: HostReport): Promise<Host> {
    this.#listener.onReceived?.(host.name, report);
    const before = this.#guests?.strays ?? [];
    const record = (strays: HostProblem[]): Promise<Host> =>
      refreshInventory(this.#context, {
        name: host.name,
        report: { ...report, problems: [...(report.problems ?? []), ...strays] },
        ...(this.#record !== undefined && { link: this.#record.link }),
      });
    const row = await record(before);
    this.#context.links.noteUptime(row.id, report.uptime);
    this.#context.links.noteOffer(row.id, report.offer);
    if (this.#guests === undefined) {
      this.#guests = new GuestReconciler(this.#context, row);
      await this.#guests.initialSync(report);
    } else {
      await this.#guests.sync(report);
    }
    const { strays } = this.#guests;
    return isSame(strays, before) ? row : record(strays);
  }

  async #hello(message: Hello): Promise<void> {
    const { links } = this.#context;
    this.#forgetGuests();
    if (!(await this.#openShared(message))) return this.#end.close();
    const host = await this.#takeReport({ name: message.host }, message.report);
    if (this.#isClosed) return this.#forgetGuests();
    this.#host = host;
    links.noteSeen(host);
    this.#unlink();
    this.#unlink = links.opened(host.id);
    this.#traffic?.end();
    this.#traffic = links.traffic.linked(host.id);
    this.#end.send(await this.#welcome(host));
    this.#linkConsoles(host, message.report);
    this.#linkImages(host, message.report);
    this.#unlisten();
    const { wakeup } = this.#context;
    const unlisten = wakeup.listen(`commands:${host.id}`, () => this.#send(host));
    const endSending = links.sendsBy(host.id, (command) => this.#send(host, command));
    this.#unlisten = () => {
      unlisten();
      endSending();
    };
    this.#send(host);
    this.#listener.onReport?.(host);
  }

  async #welcome({ id: hostId }: Host): Promise<ToAgent> {
    const offer = await this.#listener.offer?.();
    const countsTraffic = this.#context.links.traffic.isCounted;
    return {
      type: 'welcome',
      hostId,
      ...(offer !== undefined && { offer }),
      ...(countsTraffic && { countsTraffic }),
    };
  }

  /**
   * Records the link before its report, so that an older link, whoever has it, changes nothing from
   * here on. False: this is such an older one.
   */
  async #openShared({ host: name, report, link: given }: Hello): Promise<boolean> {
    const { links, clock, log } = this.#context;
    const { shared } = links;
    if (shared === undefined) return true;
    const link = given ?? clock.now();
    if (link > clock.now() + furthestAheadMs) {
      log.warn({ host: name, link }, 'a link is refused: the clock of its host is a year ahead');
      return false;
    }
    const { id: hostId } = await hostBatches(this.#context).registration.run({ name, report });
    if (!(await shared.open(hostId, link))) {
      if (given === undefined) return false;
      const newest = await shared.newest(hostId);
      // Otherwise this controller was removed, and the link is as good as any at another one.
      if (newest >= link) this.#end.send({ type: 'outdated-link', newest });
      return false;
    }
    this.#record = { hostId, link };
    if (this.#isClosed) shared.close({ hostId, link, sentUpTo: 0 });
    return !this.#isClosed;
  }

  #linkConsoles({ id, name }: Host, { hasConsoles }: HostReport): void {
    this.#unlinkConsoles();
    if (hasConsoles !== true) return;
    this.#unlinkConsoles = this.#context.links.consoles.linked(id, {
      name,
      send: (request) => this.#end.send({ type: 'console', request }),
    });
  }

  #linkImages({ id }: Host, { cachesImages }: HostReport): void {
    this.#unlinkImages();
    if (cachesImages !== true) return;
    this.#unlinkImages = this.#context.links.imageCaches.linked(id, (imageId) =>
      this.#end.send({ type: 'cache-image', imageId }),
    );
  }

  /**
   * Sends what waits for the host. `issued`: a command that was just recorded: where all before it
   * were sent, it is all that waits.
   */
  #send(host: Host, issued?: HostCommand): void {
    this.#sending
      .run(async () => {
        if (this.#isClosed || (issued !== undefined && issued.seq <= this.#lastSent)) return;
        for (const command of await this.#waiting(host, issued)) {
          if (command.seq <= this.#lastSent || this.#isClosed || this.#isFenced()) continue;
          // Its end is being recorded; later commands are sent then.
          if (!this.#context.links.maySend(host.id, command.seq)) break;
          this.#sendOne(host, command);
        }
      })
      .catch((error: unknown) => {
        this.#context.log.error({ err: error, host: host.name }, 'cannot send commands');
      });
  }

  async #waiting(host: Host, issued: HostCommand | undefined): Promise<readonly HostCommand[]> {
    if (issued === undefined || issued.seq !== this.#lastSent + 1) {
      return hostBatches(this.#context).commands.run(host.id);
    }
    // A command that was sent and then lost would leave its number to another one.
    await this.#context.store.onDisk();
    return [issued];
  }

  #sendOne(host: Host, command: HostCommand): void {
    this.#lastSent = command.seq;
    this.#context.links.markSent(host.id, command.seq);
    if (!questions.includes(command.body.do)) {
      this.#unanswered.set(command.seq, command.serverId);
    }
    this.#end.send({ type: 'command', command });
  }
}
