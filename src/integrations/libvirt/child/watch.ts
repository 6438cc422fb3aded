/**
 * Maintains the connection over which libvirt reports changes: a broken one is retried with growing
 * pauses.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '#core/errors.ts';
import { backoffMs } from '#runtime/backoff.ts';
import type { ChildMessage, DomainEvent } from './child-messages.ts';
import { eventId, nodeDeviceEventId } from '../xml/libvirt-numbers.ts';
import { CallFailed, type Connection, type ConnectionOpener } from './connection.ts';
import type { Library, Pointer } from './library.ts';

/** Between tries to connect. */
const tries = { firstMs: 250, longestMs: 5_000 };

/** libvirt's event loop, on its own thread. Without it there are neither events nor keep-alive. */
export function runEventLoop(library: Library, fail: (problem: string) => void): void {
  library.read('virEventRegisterDefaultImpl');
  const turn = (): void => {
    library.call('virEventRunDefaultImpl').then(
      (result) => {
        if (Number(result) < 0) fail('the event loop of libvirt ended');
        else turn();
      },
      (error: Error) => fail(`the event loop of libvirt ended: ${error.message}`),
    );
  };
  turn();
}

export class Watch {
  readonly #library: Library;
  readonly #opener: ConnectionOpener;
  readonly #say: (message: ChildMessage) => void;
  readonly #callbacks: Record<
    'closed' | 'lifecycle' | 'reboot' | 'removed' | 'stayed' | 'toStandby',
    Pointer
  >;
  readonly #nodeCallbacks: Record<keyof typeof nodeDeviceEventId, Pointer>;
  #connection: Connection | undefined;
  #isClosing = false;

  constructor(library: Library, opener: ConnectionOpener, send: (message: ChildMessage) => void) {
    this.#library = library;
    this.#opener = opener;
    this.#say = send;
    this.#callbacks = {
      closed: library.callback('virConnectCloseFunc', () => this.#broken()),
      lifecycle: library.callback(
        'virConnectDomainEventCallback',
        (_connection: Pointer, domain: Pointer, event: number, detail: number) => {
          this.#notify({ what: 'lifecycle', id: library.uuidOf(domain), event, detail });
          return 0;
        },
      ),
      reboot: library.callback(
        'virConnectDomainEventGenericCallback',
        (_connection: Pointer, domain: Pointer) =>
          this.#notify({ what: 'rebooted', id: library.uuidOf(domain) }),
      ),
      removed: this.#deviceCallback('device-removed'),
      stayed: this.#deviceCallback('device-stayed'),
      toStandby: library.callback(
        'virConnectDomainQemuMonitorEventCallback',
        (_connection: Pointer, domain: Pointer) =>
          this.#notify({ what: 'to-standby', id: library.uuidOf(domain) }),
      ),
    };
    const changed = (_connection: Pointer, device: Pointer) => {
      const name = library.read('virNodeDeviceGetName', device) as string;
      this.#say({ is: 'node-device', name });
    };
    this.#nodeCallbacks = {
      lifecycle: library.callback('virConnectNodeDeviceEventLifecycleCallback', changed),
      update: library.callback('virConnectNodeDeviceEventGenericCallback', changed),
    };
  }

  /** Connects, however long it takes. */
  async connect(): Promise<void> {
    for (let failures = 0; !this.#isClosing; failures++) {
      try {
        this.#connection = await this.#opener.open();
        await this.#register(this.#connection);
        this.#say({ is: 'connected' });
        return;
      } catch (error) {
        await this.#drop();
        this.#say({ is: 'unreachable', problem: problemOf(error) });
        await delay(backoffMs(tries, failures));
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#drop();
  }

  /** Called inside libvirt, where the connection must not be released. */
  #broken(): void {
    if (this.#isClosing) return;
    this.#say({ is: 'connecting' });
    setImmediate(() => {
      void this.#drop().then(() => this.connect());
    });
  }

  async #drop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  async #register(connection: Connection): Promise<void> {
    const { closed, lifecycle, reboot, removed, stayed } = this.#callbacks;
    const { handle } = connection;
    await connection.number('virConnectRegisterCloseCallback', handle, closed, null, null);
    for (const [id, callback] of [
      [eventId.lifecycle, lifecycle],
      [eventId.reboot, reboot],
      [eventId.deviceRemoved, removed],
      [eventId.deviceRemovalFailed, stayed],
    ] as const) {
      const event = [handle, null, id, callback, null, null];
      await connection.number('virConnectDomainEventRegisterAny', ...event);
    }
    await this.#registerNodeDevices(connection);
    await this.#registerStandbys(connection);
  }

  /**
   * libvirt has no event of its own for this one of QEMU. Without it, as in libvirt's test driver,
   * the rest works. Source: QEMU `qapi/migration.json`, `UNPLUG_PRIMARY`.
   */
  async #registerStandbys(connection: Connection): Promise<void> {
    const { toStandby } = this.#callbacks;
    const event = [connection.handle, null, 'UNPLUG_PRIMARY', toStandby, null, null, 0];
    await unlessUnsupported(
      connection.number('virConnectDomainQemuMonitorEventRegister', ...event),
    );
  }

  /** A libvirt without a node device driver lacks these events; the rest works. */
  async #registerNodeDevices(connection: Connection): Promise<void> {
    for (const name of ['lifecycle', 'update'] as const) {
      const callback = this.#nodeCallbacks[name];
      const event = [connection.handle, null, nodeDeviceEventId[name], callback, null, null];
      await unlessUnsupported(connection.number('virConnectNodeDeviceEventRegisterAny', ...event));
    }
  }

  #deviceCallback(what: 'device-removed' | 'device-stayed'): Pointer {
    return this.#library.callback(
      'virConnectDomainEventDeviceRemovedCallback',
      (_connection: Pointer, domain: Pointer, alias: string) =>
        this.#notify({ what, id: this.#library.uuidOf(domain), alias }),
    );
  }

  #notify(event: DomainEvent): void {
    this.#say({ is: 'event', event });
  }
}

async function unlessUnsupported(registered: Promise<number>): Promise<void> {
  try {
    await registered;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
  }
}

function problemOf(error: unknown): string {
  if (error instanceof CallFailed) return error.failure.text;
  return errorText(error);
}
