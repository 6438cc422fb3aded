/** Names every skipped test at the end of a run, with the reason in its title. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Prints nothing when `-t` selected tests: the others are not skipped for lack of anything. */
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
