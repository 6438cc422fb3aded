/** A TCP connection between two processes of a cluster, which can be cut, held up and slowed down. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Example: `{ port: 8785 }`, or the path of a socket. */
export type Target = { port: number } | { path: string };

export class Link {
  readonly #server: Server;
  readonly #target: Target;
  readonly #sockets = new Set<Socket>();
  #isRefusing = false;
  #delayMs = 0;
  /** Set while no byte passes. */
  #held: PromiseWithResolvers<void> | undefined;

  private constructor(server: Server, target: Target) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (near) => this.#accept(near));
  }

  static async to(target: Target): Promise<Link> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Link(server, target);
  }

  /** On 127.0.0.1. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Ends all connections; new ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends all connections, and new ones at once. */
  refuse(): void {
    this.#isRefusing = true;
    this.cut();
  }

  /** No byte passes, and neither end gets to know. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** Each byte arrives so much later. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** As if nothing had happened; what was held passes. */
  heal(): void {
    this.#isRefusing = false;
    this.#delayMs = 0;
    this.#held?.resolve();
    this.#held = undefined;
  }

  async close(): Promise<void> {
    this.heal();
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(near: Socket): void {
    if (this.#isRefusing) {
      near.destroy();
      return;
    }
    const far = connect(this.#target);
    this.#forward(near, far);
    this.#forward(far, near);
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let passed: Promise<unknown> = Promise.resolve();
    const pass = (act: () => void): void => {
      const at = performance.now() + this.#delayMs;
      passed = passed.then(async () => {
        await this.#held?.promise;
        const leftMs = at - performance.now();
        if (leftMs > 0) await sleep(leftMs);
        act();
      });
    };
    from.setNoDelay(true);
    from.on('data', (chunk) => pass(() => to.write(chunk)));
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      pass(() => to.end());
      if (from.errored !== null || this.#isRefusing) to.destroy();
    });
  }
}
