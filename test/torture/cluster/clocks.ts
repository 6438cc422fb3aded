/**
 * Clocks of processes that jump: libfaketime reads how far each is off from a file. Timers and
 * `performance.now()` are not changed, as when the time of a machine is set.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of Debian's package libfaketime; undefined: it is not installed. */
function library(): string | undefined {
  const found = readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name, 'faketime'))
    .flatMap((folder) => {
      try {
        return readdirSync(folder).map((name) => join(folder, name));
      } catch {
        return [];
      }
    });
  return found.find((path) => path.endsWith('libfaketimeMT.so.1'));
}

export class Clocks {
  readonly #folder: string;
  readonly #library = library();

  /** `folder`: for their files. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get canJump(): boolean {
    return this.#library !== undefined;
  }

  /** Variables of a process of this name, whose clock is right at first. */
  variables(name: string): Record<string, string> {
    if (this.#library === undefined) return {};
    this.set(name, 0);
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file(name),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // Read the file once a second.
      FAKETIME_CACHE_DURATION: '1',
    };
  }

  /** The clock is so many seconds ahead from now on; negative: behind. */
  set(name: string, seconds: number): void {
    writeFileSync(this.#file(name), `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.clock`);
  }
}
