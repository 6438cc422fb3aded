/** The outcomes of a run, and how they are shown. */
import { classOf, nameOf, type TestId } from './selection.ts';

/** A line of `results.py`. */
export interface Outcome {
  /** A test, or `setUpClass (CLASS)` where that failed or skipped. */
  id: string;
  status: string;
  seconds: number;
  /** Of a skip. */
  reason: string;
  tracebacks: string[];
}

/**
 * Counts each selected test once: one whose class was skipped or failed before it began has the
 * outcome of its class, and one without any outcome failed.
 */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  readonly #pending: Map<string, TestId>;
  readonly #failures: string[] = [];
  readonly #print: (line: string) => void;

  constructor(selected: readonly TestId[], print: (line: string) => void) {
    this.#pending = new Map(selected.map((id) => [nameOf(id), id]));
    this.#print = print;
  }

  add(outcome: Outcome): void {
    const ofClass = /^(setUp|tearDown)Class \((.*)\)$/.exec(outcome.id);
    if (ofClass === null) return this.#count(nameOf(outcome.id), outcome);
    const [, , className = ''] = ofClass;
    const concerned = [...this.#pending.keys()].filter((name) => classOf(name) === className);
    for (const name of concerned) this.#count(name, outcome);
    // The tests of the class have their own outcomes.
    if (concerned.length === 0 && outcome.status === 'fail') this.#count(outcome.id, outcome);
  }

  /** Counts a failure that no test reports. */
  fail(name: string, why: string[]): void {
    this.#count(name, { id: name, status: 'fail', seconds: 0, reason: '', tracebacks: why });
  }

  /** Ends the count, and returns its last line. */
  end(): string {
    for (const name of [...this.#pending.keys()]) {
      this.fail(name, ['Tempest reported nothing of this test']);
    }
    if (this.#failures.length > 0) this.#print('');
    for (const line of this.#failures) this.#print(line);
    return `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`;
  }

  #count(name: string, { status, seconds, reason, tracebacks }: Outcome): void {
    this.#pending.delete(name);
    const time = `${seconds.toFixed(1).padStart(6)}s`;
    if (status === 'success') {
      this.passed++;
      this.#print(`passed  ${time}  ${name}`);
    } else if (status === 'skip') {
      this.skipped++;
      this.#print(`skipped: ${name}: ${firstLine(reason)}`);
    } else {
      this.failed++;
      const why = tracebacks.map(errorOf).join('; ');
      this.#failures.push(`FAILED  ${name}\n          ${why}`);
      this.#print(`FAILED  ${time}  ${name}\n          ${why}`);
    }
  }
}

const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';

/** Of what a test raised; longer ones are whole documents. */
const longestError = 600;

/**
 * The error that ended a traceback, in a line, with the last place in a test. Example:
 * `tempest.lib.exceptions.Conflict: … Details: … (test_servers.py:88)`.
 */
export function errorOf(traceback: string): string {
  const lines = traceback.trimEnd().split('\n');
  const isFrame = (line: string) => /^\s+File "/.test(line);
  const last = lines.findLastIndex(isFrame);
  // Below a frame are its source, and marks.
  const from = lines.findIndex((line, at) => at > last && /^\S/.test(line));
  const error = (from === -1 ? lines : lines.slice(from)).map((line) => line.trim()).join(' ');
  const shown = error.length > longestError ? `${error.slice(0, longestError)}…` : error;
  const places = lines.filter((line) => isFrame(line) && /\/test_\w+\.py"/.test(line));
  const place = /([^/"]+)", line (\d+)/.exec(places.at(-1) ?? '');
  return place === null ? shown : `${shown} (${place[1]}:${place[2]})`;
}
