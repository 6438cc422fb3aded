/**
 * One end of the link over an open WebSocket: JSON text messages, and pings that detect a dead
 * peer.
 */
import { type RawData, WebSocket } from 'ws';
import type { Channel } from '#contracts/host/host-link.ts';
import type { Log } from '#contracts/log.ts';
import { CloseSignal } from './close-signal.ts';
import { Inbox } from './inbox.ts';
import { closeCodes, LinkRefused, type Refusal } from './refusal.ts';

export interface SocketChannelOptions<In> {
  /** Throws for an invalid message: the link is closed with that reason. */
  read: (text: string) => In;
  /** The peer, for the log. */
  peer: object;
  log: Log;
  /** Time between pings; one not answered before the next ends the link. */
  livenessMs: number;
}

/** The longest reason that fits a close frame. Source: RFC 6455, 5.5. */
const maxReasonBytes = 123;

export class SocketChannel<Out, In> implements Channel<Out, In> {
  readonly #socket: WebSocket;
  readonly #options: SocketChannelOptions<In>;
  readonly #closing = new CloseSignal();
  readonly #inbox: Inbox<In>;
  #isLoaded = false;
  #isAlive = true;
  #isDeaf = false;

  constructor(socket: WebSocket, options: SocketChannelOptions<In>) {
    this.#socket = socket;
    this.#options = options;
    this.#inbox = new Inbox((isLoaded) => this.#load(isLoaded));
    const timer = setInterval(() => this.#checkLiveness(), options.livenessMs);
    const hear = () => {
      this.#isAlive = true;
    };
    socket.on('ping', hear);
    socket.on('pong', hear);
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('error', (error) => {
      options.log.warn({ ...options.peer, problem: error.message }, 'the link of a host broke');
    });
    socket.on('close', () => {
      clearInterval(timer);
      this.#closing.done();
    });
  }

  send(message: Out): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  onMessage(listener: (message: In) => void | Promise<void>): void {
    this.#inbox.listen(listener);
  }

  onClose(listener: () => void): void {
    this.#closing.notify(listener);
  }

  close(): void {
    this.#socket.close(1000);
    this.#closing.done();
  }

  /** Closes the link with a reason. Messages in transit still count if it was only replaced. */
  refuse(refusal: Refusal, reason: string): void {
    this.#isDeaf = refusal !== 'replaced';
    const bytes = Buffer.from(reason).subarray(0, maxReasonBytes);
    this.#socket.close(
      closeCodes[refusal],
      new TextDecoder().decode(bytes).replace(/\uFFFD+$/, ''),
    );
    this.#closing.done();
  }

  #take(data: RawData, isBinary: boolean): void {
    this.#isAlive = true;
    if (this.#isDeaf) return;
    try {
      if (isBinary) throw new LinkRefused('malformed', 'binary message');
      this.#inbox.put(this.#options.read((data as Buffer).toString()));
    } catch (error) {
      const { message } = error as Error;
      const refusal = error instanceof LinkRefused ? error.refusal : 'malformed';
      this.#options.log.warn({ ...this.#options.peer, refusal }, `link closed: ${message}`);
      this.refuse(refusal, message);
    }
  }

  /** While messages are queued, no more are read: a flooding sender has to wait. */
  #load(isLoaded: boolean): void {
    this.#isLoaded = isLoaded;
    if (isLoaded) this.#socket.pause();
    else this.#socket.resume();
  }

  #checkLiveness(): void {
    // Reading is paused, so a pong cannot arrive.
    if (!this.#isAlive && !this.#isLoaded) return this.#socket.terminate();
    this.#isAlive = false;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }
}
