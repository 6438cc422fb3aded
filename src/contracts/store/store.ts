/**
 * The store: all state of the compute side. Reads return plain core objects; every write is one
 * transaction. A workflow records each of its steps with `commit`: all that the step changes, or
 * nothing.
 */
import type { CommandResult, HostCommand } from '../host/host-link.ts';
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import type { Decision } from '#core/scheduling/decision.ts';
import type { ServerGroup } from '#core/servers/server-group.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import type { AggregateStore } from './aggregate-store.ts';
import type { Action, ActionEvent, ActionOutcome, ActionPage, NewAction } from './action.ts';
import type { CommandStore, NewCommand } from './command-store.ts';
import type { ConsoleTokenStore } from './consoles/console-tokens.ts';
import type { ControllerStore, HostLinkStore } from './controllers/controller-store.ts';
import type { DecisionStore } from './decisions/decision-store.ts';
import type { AuthorityStore } from './authority/authority-store.ts';
import type { EnrolmentStore } from './enrolments.ts';
import type { FlavorAccess, FlavorStore } from './flavor-store.ts';
import type { HostChange, HostStore } from './host-store.ts';
import type { KeyPairStore } from './projects/key-pair-store.ts';
import type { QuotaStore, ServerQuota } from './projects/quota-store.ts';
import type { UsageStore } from './projects/usage-store.ts';
import type { MoveChange, MoveStore, NewMove } from './move-store.ts';
import type { PruneStore } from './prune-store.ts';
import type { NetworkEventStore } from '../services/network-events.ts';
import type { ListedServer, ServerSelection, ShownServer } from './server-selection.ts';
import type {
  Lease,
  NewTask,
  NextStep,
  StoredTask,
  Task,
  TaskDataOf,
  TaskKind,
  TaskRef,
} from './task.ts';

export type {
  ChangedHosts,
  ChangeMark,
  Host,
  HostChange,
  HostPage,
  HostStore,
  HostSummary,
  HostVersion,
  NewHost,
} from './host-store.ts';

export type { Action, ActionEvent, ActionOutcome, ActionPage, NewAction } from './action.ts';
export type { AggregateChange, AggregateStore } from './aggregate-store.ts';
export type { CommandStore, NewCommand, StoredCommand } from './command-store.ts';
export type { FlavorAccess, FlavorChange, FlavorStore } from './flavor-store.ts';

export type {
  Move,
  MoveChange,
  MoveContext,
  MoveHost,
  MoveSelection,
  MoveStore,
  NewMove,
  Sides,
} from './move-store.ts';

export type {
  Lease,
  NewTask,
  NextStep,
  StoredTask,
  Task,
  TaskDataOf,
  TaskKind,
  TaskRef,
  TaskStepOf,
  UnreadableTask,
} from './task.ts';

/** One step of a workflow, recorded atomically. */
export interface Transition<Kind extends TaskKind = TaskKind> {
  task: TaskRef<Kind>;
  /** null: the workflow ends. */
  next: NextStep<Kind> | null;
  /** The answer to the server's newest command, recorded with the step that it makes due. */
  answer?: Answer;
  /**
   * Who runs the next step when it is due at once; otherwise the task is not leased any more.
   * Absent: the lease stays as it is.
   */
  lease?: Lease;
  /** Fields of the server row to set. */
  server?: Partial<Omit<Server, 'id' | 'serial' | 'nics'>>;
  /**
   * NICs to write, matched by id. Setting `deletedAt` of the server frees their ports for others,
   * and erases its user data, key, metadata and commands; what its newest spawn and destroy
   * resulted in stays.
   */
  nics?: ServerNic[];
  /** Releases the ports of the server's NICs, which stay visible: it will never have a guest. */
  freesPorts?: true;
  /** NICs to delete, by id. */
  removedNics?: string[];
  newPciRequests?: PciRequest[];
  /** By request id. */
  removedPciRequests?: string[];
  host?: HostChange;
  /**
   * The group whose policy the choice of host satisfied, as read: no other server of it may have
   * been placed since.
   */
  serverGroup?: Pick<ServerGroup, 'id' | 'generation'>;
  command?: NewCommand;
  decision?: Decision;
  /** The record of a move, written before `move` changes it. */
  newMove?: NewMove;
  move?: MoveChange;
  /** The server's network events of these kinds, up to this id, are handled. */
  seenEvents?: { kinds: readonly NetworkEventKind[]; upTo: number };
  /** Events to add to the task's action. */
  events?: ActionEvent[];
  /** Message for the user while the workflow continues: why it waits, or has not succeeded yet. */
  actionMessage?: string;
  /** How the workflow ended; its message becomes the action's. */
  outcome?: ActionOutcome;
}

/** How a command ended that has no result yet. */
export interface Answer {
  hostId: string;
  seq: number;
  result: CommandResult;
}

/**
 * `isDue`: of a transition with a lease: its next step is due at once. `command`: the transition's,
 * with its number. `stale-host`: the host, or
 * the server group, changed since it was read. `superseded`: another workflow took this server
 * over, or the transition's answer is not the one that its task waits for.
 */
export type CommitResult =
  | { ok: true; isDue?: boolean; command?: HostCommand }
  | { ok: false; why: 'stale-host' | 'superseded' };

export interface NewServer<Kind extends 'boot' | 'delete' = 'boot' | 'delete'> {
  server: Omit<Server, 'serial'>;
  pciRequests: PciRequest[];
  /** The server group it joins; it leaves when it is deleted. */
  groupId: string | null;
  task: NewTask<Kind>;
  action: NewAction;
}

/** The claim that a server is created with, and the events of its action so far. */
export type NewClaim = Required<Pick<Transition, 'host' | 'decision' | 'events'>>;

export interface ServerFilter {
  projectId?: string;
  hostId?: string;
  includeDeleted?: boolean;
}

/**
 * The parts of a server's rows that cannot be read. Example reason: `metadata: Unterminated string
 * in JSON at position 3`.
 */
export interface ServerDamage {
  projectId: string;
  deletedAt: number | null;
  reason: string;
}

/**
 * Quota usage by the live servers and the groups of a project; `ram` in MiB. Of a server whose
 * resize has not been confirmed or reverted the larger flavor counts.
 */
export type QuotaUsage = Record<'instances' | 'cores' | 'ram' | 'server_groups', number>;

/** Fields of a server to set. */
export type ServerChange = Partial<Omit<Server, 'id' | 'serial' | 'nics'>>;

/** `isBusy`: a workflow runs for the server, and may change the rest. */
export interface ServerStanding
  extends Pick<Server, 'hostId' | 'vmState' | 'powerState' | 'deletedAt'> {
  isBusy: boolean;
}

export interface ServerStore {
  /**
   * Throws `conflict` when a port of it belongs to another live server (unique), naming the port;
   * `invalid` when its group is gone.
   */
  create(newServer: NewServer): Promise<Server>;
  /**
   * Creates as many of these servers of one flavor, group and owner as the limits allow, in one
   * transaction: concurrent callers cannot exceed a limit together. Throws what `create` throws,
   * and `overQuota` when these are fewer than `minCount`; then none is created.
   */
  createWithin(quota: ServerQuota, newServers: readonly NewServer[]): Promise<Server[]>;
  /**
   * Creates one server, within the limits, with its claim on a host, in one transaction. undefined
   * when the host has changed since it was read; then nothing is created. Throws as `createWithin`.
   */
  createClaimed(
    quota: ServerQuota,
    newServer: NewServer,
    claim: NewClaim,
  ): Promise<Server | undefined>;
  /** undefined when unknown or unreadable. Deleted servers are found too (`vmState` 'deleted'). */
  get(id: string): Promise<Server | undefined>;
  /** What its guest is compared with; undefined when unknown. Other data may be unreadable. */
  standing(id: string): Promise<ServerStanding | undefined>;
  /** Why an existing server cannot be read; undefined when it can, or does not exist. */
  damage(id: string): Promise<ServerDamage | undefined>;
  /**
   * Replaces unreadable data of a server by empty data, so that it can be deleted. What its flavor
   * took of the host is then not returned.
   */
  mend(id: string): Promise<void>;
  /**
   * Newest first, without a limit: for operations on all servers of a host. A user's list is a
   * `select`.
   */
  list(filter: ServerFilter): Promise<Server[]>;
  /** The ids of the servers on these hosts that are not deleted, by host id. */
  onHosts(hostIds: readonly string[]): Promise<Map<string, string[]>>;
  /**
   * One page of a list. Throws `invalid` when the server to follow does not exist in the project.
   */
  select(selection: ServerSelection): Promise<ListedServer[]>;
  /**
   * The same page for a list in detail: servers that came with all that is shown of them, and
   * others to be read.
   */
  selectShown(selection: ServerSelection): Promise<(ListedServer | ShownServer)[]>;
  /**
   * Servers as lists show them, in the order of the ids, leaving out those that do not exist or
   * cannot be read. Yields to other work while it reads many.
   */
  read(ids: readonly string[]): Promise<ShownServer[]>;
  pciRequests(serverId: string): Promise<PciRequest[]>;
  decisions(serverId: string): Promise<Decision[]>;
  /** Newest first, at most a thousand unless specified otherwise. */
  actions(serverId: string, page?: ActionPage): Promise<Action[]>;
  /** By its request; undefined when no request has one. */
  action(serverId: string, requestId: string): Promise<Action | undefined>;
  /**
   * Sets fields that no workflow owns (name, description, metadata, access addresses, tags); a
   * function computes them from the current server, atomically. Throws `notFound`, and the
   * function's errors.
   */
  update(id: string, change: ServerChange | ((server: Server) => ServerChange)): Promise<void>;
  /**
   * Records an action that is done at once, with its only event (null: none) and the fields that
   * the action sets, computed from the current server, atomically; undefined: nothing is recorded.
   * A workflow that runs for the server continues. Throws `notFound`, also for a deleted server,
   * and the function's errors.
   */
  perform(
    action: NewAction,
    event: string | null,
    change: (server: Server) => ServerChange | undefined,
  ): Promise<void>;
  /** The domain XML its host last reported, or undefined. */
  domainXml(serverId: string): Promise<string | undefined>;
}

export interface TaskStore {
  /**
   * Leases up to `limit` due tasks without an owner, until released or the lease expires.
   * `running`: servers whose tasks the owner is running: those are not taken again, whatever the
   * clock shows.
   */
  lease(
    owner: string,
    now: number,
    leaseMs: number,
    how: { limit: number; running?: readonly string[] },
  ): Promise<StoredTask[]>;
  /**
   * Extends the leases of these servers' tasks until `until`, where the owner still holds them and
   * no workflow has taken over.
   */
  renew(owner: string, until: number, serverIds: readonly string[]): Promise<void>;
  /** Makes tasks due that are later than `latest`, by a clock that went back since. Epoch ms. */
  hasten(now: number, latest: number): Promise<void>;
  /** Releases a task. Tasks of a dead process are released when their lease expires. */
  release(task: Pick<Task, 'serverId' | 'epoch'>, owner: string): Promise<void>;
  /** Releases the owner's task for others, and makes it due at `until`. */
  postpone(task: Pick<Task, 'serverId' | 'epoch'>, left: Lease): Promise<void>;
  /**
   * Releases every lease of every owner, and ends their epochs: for a process that is certainly the
   * only one.
   */
  releaseAll(): Promise<void>;
  /**
   * Starts a workflow for a server, taking over from its current one, if any (whose epoch ends).
   * The new one is leased only when the running step has returned. Throws `notFound` when the
   * server does not exist or is deleted; with `onlyIdle`, `conflict` when a workflow runs for it.
   * `action` null: it is not one of the server's actions. `move`: the record of a move that begins
   * with it. `quotas`: throws `overQuota` when the server gets more by that move than they allow,
   * counted in the same transaction: concurrent moves cannot exceed a limit together. `passOn`:
   * what the data gets of the workflow that is taken over, atomically.
   */
  begin<Kind extends TaskKind>(
    task: NewTask<Kind>,
    action: NewAction | null,
    server: Partial<Omit<Server, 'id' | 'serial' | 'nics'>>,
    how?: {
      onlyIdle: boolean;
      move?: NewMove;
      quotas?: ConfiguredQuotas;
      passOn?: (running: StoredTask) => Partial<TaskDataOf[Kind]>;
    },
  ): Promise<Task<Kind>>;
  /** The current task of a server. */
  of(serverId: string): Promise<StoredTask | undefined>;
  /** Whether the server's current task has this epoch; a task that has ended is not current. */
  isCurrent(task: Pick<TaskRef, 'serverId' | 'epoch'>): Promise<boolean>;
  /** The number of tasks by what they wait for, and the oldest `limit`: for operators. */
  overview(now: number, limit: number): Promise<TaskOverview>;
}

/**
 * `queued`: due, and not yet taken; `waiting`: until a time, for a retry or an event; `host`: for a
 * host's answer.
 */
export type TaskState = 'running' | 'queued' | 'waiting' | 'host';

export interface TaskOverview {
  counts: Record<TaskState, number>;
  /** By the time their action began, which is null without an action. */
  oldest: (Pick<StoredTask, 'serverId' | 'kind' | 'step' | 'dueAt'> & {
    state: TaskState;
    startedAt: number | null;
  })[];
}

export interface ServerGroupStore {
  /** Throws `overQuota` when the project is at its limit. */
  create(
    group: Omit<ServerGroup, 'members' | 'generation'>,
    configured: ConfiguredQuotas,
  ): Promise<ServerGroup>;
  get(id: string): Promise<ServerGroup | undefined>;
  /** In the order of creation, one page; without a project those of all. */
  list(page: { projectId?: string; offset: number; limit: number }): Promise<ServerGroup[]>;
  /** Its servers are kept, in no group. Throws `notFound`. */
  remove(id: string): Promise<void>;
  /** The group of a server. */
  of(serverId: string): Promise<ServerGroup | undefined>;
  /**
   * How many of its servers are on each host, by host name. Read the group first: a placement in
   * between makes its generation stale.
   */
  hosts(id: string): Promise<Map<string, number>>;
}

export interface Store {
  servers: ServerStore;
  hosts: HostStore;
  tasks: TaskStore;
  commands: CommandStore;
  flavors: FlavorStore;
  flavorAccess: FlavorAccess;
  serverGroups: ServerGroupStore;
  aggregates: AggregateStore;
  authority: AuthorityStore;
  enrolments: EnrolmentStore;
  controllers: ControllerStore;
  hostLinks: HostLinkStore;
  consoleTokens: ConsoleTokenStore;
  decisions: DecisionStore;
  moves: MoveStore;
  networkEvents: NetworkEventStore;
  prune: PruneStore;
  keyPairs: KeyPairStore;
  quotas: QuotaStore;
  usage: UsageStore;
  quotaUsage(projectId: string): Promise<QuotaUsage>;
  /**
   * Records a step. It may not be on disk yet: see `onDisk`. Throws `conflict` when a port of
   * `nics` belongs to another live server, naming the port.
   */
  commit<Kind extends TaskKind>(transition: Transition<Kind>): Promise<CommitResult>;
  /**
   * Resolves when all that was committed so far is on disk. Await it before anything that follows
   * from a new server or task, a step's commit, or a command's result leaves the process: an
   * answer, a command, a call.
   */
  onDisk(): Promise<void>;
  /** As `onDisk`, up to 20 ms later: waits for a sync that is due anyway. */
  onDiskSoon(): Promise<void>;
  close(): Promise<void>;
}
