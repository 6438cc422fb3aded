/** Debian 13's `openstack`, one process for many commands, at one microversion. */
import { createInterface } from 'node:readline';
import { type Place, spawnInside } from '../openstack/environment/inside.ts';

export interface Outcome {
  code: number;
  /** Its output and its messages. */
  printed: string;
}

/** The program of `Shell`, a file of its place. */
export const shellProgram = 'driver.py';

export class Shell {
  readonly #child: ReturnType<typeof spawnInside>;
  readonly #answers: AsyncIterator<string>;

  /** `version`: such as `2.53`; undefined: the client chooses. */
  constructor(place: Place, version: string | undefined) {
    const env = {
      OS_CLOUD: 'novella',
      ...(version !== undefined && { OS_COMPUTE_API_VERSION: version }),
    };
    this.#child = spawnInside(place, ['python3', shellProgram], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null) throw new Error('no stdout');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async run(args: readonly string[]): Promise<Outcome> {
    this.#child.stdin?.write(`${JSON.stringify(args)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`the client ended at: openstack ${args.join(' ')}`);
    return JSON.parse(value);
  }

  end(): void {
    this.#child.stdin?.end();
  }
}
