/**
 * One connection to the hypervisor, used for one call at a time, so that an error belongs to that
 * call.
 */
import { SerialQueue } from '#runtime/serial-queue.ts';
import { errorCode, statsNoWait } from '../xml/libvirt-numbers.ts';
import type { Migration } from '../xml/migration.ts';
import type { DomainStats } from './child-messages.ts';
import type { Library, LibvirtFailure, Pointer } from './library.ts';
import type { FunctionName } from './prototypes.ts';

/** Seconds between keep-alive messages, and how many may stay unanswered. */
const keepAlive = { interval: 5, count: 3 };

/** A failed libvirt call, with libvirt's message. */
export class CallFailed extends Error {
  readonly failure: LibvirtFailure;
  readonly call: FunctionName;

  constructor(call: FunctionName, failure: LibvirtFailure) {
    super(`${call}: ${failure.text}`);
    this.call = call;
    this.failure = failure;
  }
}

/**
 * Opens connections one at a time: a failed open has no connection by which to attribute its error.
 */
export class ConnectionOpener {
  readonly #library: Library;
  readonly #uri: string;
  #failure: LibvirtFailure | undefined;
  readonly #queue = new SerialQueue();

  constructor(library: Library, uri: string) {
    this.#library = library;
    this.#uri = uri;
    const handler = library.callback('virErrorFunc', (_userData: null, error: Pointer) => {
      this.#failure = library.failureAt(error);
    });
    library.read('virSetErrorFunc', null, handler);
  }

  /** Throws CallFailed when the hypervisor does not answer. */
  open(): Promise<Connection> {
    return this.#queue.run(() => this.#open());
  }

  async #open(): Promise<Connection> {
    this.#failure = undefined;
    const handle = (await this.#library.call('virConnectOpen', this.#uri)) as Pointer | null;
    if (handle === null) throw new CallFailed('virConnectOpen', this.#failure ?? unknownFailure);
    const connection = new Connection(this.#library, handle);
    await connection.keepAlive();
    return connection;
  }
}

const unknownFailure: LibvirtFailure = { code: 0, domain: 0, text: 'no error was reported' };

type ListName =
  | 'virConnectListAllDomains'
  | 'virConnectListAllNetworks'
  | 'virConnectListAllNodeDevices';
type NameOf = 'virDomainGetName' | 'virNetworkGetName' | 'virNodeDeviceGetName';
type Free = 'virDomainFree' | 'virNetworkFree' | 'virNodeDeviceFree';

export class Connection {
  readonly handle: Pointer;
  readonly #library: Library;
  readonly #handler: Pointer;
  #failure: LibvirtFailure | undefined;

  constructor(library: Library, handle: Pointer) {
    this.handle = handle;
    this.#library = library;
    // libvirt keeps errors per thread, and koffi uses any thread of a pool. This handler runs on
    // the failing call's own thread, before the call returns, and belongs to this connection alone.
    this.#handler = library.callback('virErrorFunc', (_userData: null, error: Pointer) => {
      this.#failure = library.failureAt(error);
    });
    library.read('virConnSetErrorFunc', handle, null, this.#handler);
  }

  /** A call whose result below zero is a failure. */
  async number(name: FunctionName, ...args: unknown[]): Promise<number> {
    const result = Number(await this.#call(name, args));
    if (result < 0) throw this.#failed(name);
    return result;
  }

  async pointer(name: FunctionName, ...args: unknown[]): Promise<Pointer> {
    const result = (await this.#call(name, args)) as Pointer | null;
    if (result === null) throw this.#failed(name);
    return result;
  }

  async text(name: FunctionName, ...args: unknown[]): Promise<string> {
    const result = (await this.#call(name, args)) as string | null;
    if (result === null) throw this.#failed(name);
    return result;
  }

  /** Handles that the caller frees. */
  async list(name: ListName, flags = 0): Promise<Pointer[]> {
    const array: [Pointer | null] = [null];
    const count = await this.number(name, this.handle, array, flags);
    return this.#library.takeHandles(array[0], count);
  }

  /** Statistics of a domain that runs. `groups`: numbers of libvirt's groups, added. */
  async stats(domain: Pointer, groups: number): Promise<DomainStats> {
    const array: [Pointer | null] = [null];
    const list = ['virDomainListGetStats', [domain, null], groups, array, statsNoWait] as const;
    const count = await this.number(...list);
    return this.#library.takeStats(array[0], count);
  }

  /** Statistics of the job that a domain is in; null: in none. */
  async jobStats(domain: Pointer): Promise<DomainStats | null> {
    const [type, array, count]: [[number], [Pointer | null], [number]] = [[0], [null], [0]];
    await this.number('virDomainGetJobStats', domain, type, array, count, 0);
    const stats = this.#library.takeParameters(array[0], count[0]);
    return type[0] === 0 ? null : stats;
  }

  /** Runs a call with libvirt's list of these parameters, which lives for that long. */
  async withParameters<T>(
    given: Pick<Migration, 'texts' | 'integers' | 'bigNumbers'>,
    run: (parameters: Pointer | null, count: number) => Promise<T>,
  ): Promise<T> {
    const [list, count, room]: [[Pointer | null], [number], [number]] = [[null], [0], [0]];
    try {
      for (const [name, value] of Object.entries(given.texts)) {
        await this.number('virTypedParamsAddString', list, count, room, name, value);
      }
      for (const [name, value] of Object.entries(given.integers)) {
        await this.number('virTypedParamsAddInt', list, count, room, name, value);
      }
      for (const [name, value] of Object.entries(given.bigNumbers)) {
        await this.number('virTypedParamsAddULLong', list, count, room, name, value);
      }
      return await run(list[0], count[0]);
    } finally {
      this.#library.read('virTypedParamsFree', list[0], count[0]);
    }
  }

  uuidOf(domain: Pointer): string {
    return this.#library.uuidOf(domain);
  }

  nameOf(name: NameOf, handle: Pointer): string {
    return this.#library.read(name, handle) as string;
  }

  free(name: Free, handle: Pointer): void {
    this.#library.read(name, handle);
  }

  /** Without it a host that is switched off is indistinguishable from a slow one. */
  async keepAlive(): Promise<void> {
    try {
      const { interval, count } = keepAlive;
      await this.number('virConnectSetKeepAlive', this.handle, interval, count);
    } catch (error) {
      if (error instanceof CallFailed && error.failure.code === errorCode.noSupport) return;
      throw error;
    }
  }

  async isAlive(): Promise<boolean> {
    return (await this.#library.call('virConnectIsAlive', this.handle)) === 1;
  }

  async close(): Promise<void> {
    await this.#library.call('virConnectClose', this.handle);
    this.#library.release(this.#handler);
  }

  #call(name: FunctionName, args: unknown[]): Promise<unknown> {
    this.#failure = undefined;
    return this.#library.call(name, ...args);
  }

  #failed(name: FunctionName): CallFailed {
    return new CallFailed(name, this.#failure ?? unknownFailure);
  }
}
