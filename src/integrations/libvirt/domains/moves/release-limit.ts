/**
 * Ends the sending of a guest that does not release its VFs: QEMU waits for that without end before
 * it sends memory. When QEMU has ended, which takes it up to 30 seconds, the guest has them still.
 */
import type { MoveProgress } from '#contracts/host/movable-guest.ts';

/** Where ending it failed, or how far it is could not be read. */
const againMs = 5_000;

interface Sending {
  progress: (guestId: string) => Promise<MoveProgress | null>;
  end: (guestId: string) => Promise<void>;
}

export class ReleaseLimit {
  readonly #sending: Sending;
  readonly #guestId: string;
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #isMissed = false;

  constructor(sending: Sending, guestId: string, limitMs: number) {
    this.#sending = sending;
    this.#guestId = guestId;
    this.#limitMs = limitMs;
  }

  /** Was it ended because the guest had not released its VFs? */
  get isMissed(): boolean {
    return this.#isMissed;
  }

  /** The guest has been requested to release them. */
  begin(): void {
    this.#timer ??= setTimeout(() => void this.#check(), this.#limitMs);
  }

  /** It is no longer being sent. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #check(): Promise<void> {
    try {
      const progress = await this.#sending.progress(this.#guestId);
      // QEMU counts memory from when it has the VFs.
      if (this.#isOver || progress === null || progress.memory.total > 0) return;
      this.#isMissed = true;
      await this.#sending.end(this.#guestId);
    } catch {
      if (!this.#isOver) this.#timer = setTimeout(() => void this.#check(), againMs);
    }
  }
}
