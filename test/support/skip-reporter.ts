/** Names every test that was skipped at the end of a run, with the reason that its title has. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Prints nothing when only some tests were asked for by `-t`: the others are not skipped for lack.
 */
export default class SkipReporter implements Reporter {
  #isPartial = false;

  onInit(vitest: Vitest): void {
    this.#isPartial = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#isPartial) return;
    const lines = modules.flatMap((each) =>
      [...each.children.allTests('skipped')].map((test) => {
        const { note } = test.result() as { note?: string };
        return `skipped: ${test.fullName}${note === undefined ? '' : `: ${note}`}\n`;
      }),
    );
    process.stdout.write(lines.join(''));
  }
}
