/** The lab's story: chapters with checks, printed as they run, and kept for the report. */
import { errorText } from '#core/errors.ts';

/** One check, and its failure if it did not pass. Times in seconds. */
export interface CheckResult {
  title: string;
  passed: boolean;
  found: string;
  seconds: number;
}

export interface ChapterResult {
  title: string;
  seconds: number;
  checks: CheckResult[];
}

/** The report, one JSON document. */
export interface StoryReport {
  passed: boolean;
  /** The emulated host ended early: chapters that are missing were not checked. */
  isCutOff: boolean;
  seconds: number;
  chapters: ChapterResult[];
}

/** Runs one check: `act` returns what was seen, and throws a plain message when it fails. */
export type Check = (title: string, act: () => Promise<string>) => Promise<void>;

export interface StoryRecorder {
  /** A chapter that throws has failed with that error; the next one runs all the same. */
  chapter(title: string, act: (check: Check) => Promise<void>): Promise<void>;
  cutOff(): void;
  report(): StoryReport;
}

/**
 * Starts a story on this output. Example of a line: ` passed 12.4 s guest a reaches guest b: 4 of 4
 * answers`.
 */
export function startReport(write: (line: string) => void): StoryRecorder {
  const started = performance.now();
  const chapters: ChapterResult[] = [];
  let isCutOff = false;
  return {
    async chapter(title, act) {
      const chapterStarted = performance.now();
      const checks: CheckResult[] = [];
      const keep = (result: Omit<CheckResult, 'seconds'>, since: number): void => {
        const reported = { ...result, seconds: secondsSince(since) };
        checks.push(reported);
        write(checkLine(reported));
      };
      write('');
      write(title);
      const check: Check = async (name, act) => {
        const since = performance.now();
        try {
          keep({ title: name, passed: true, found: await act() }, since);
        } catch (error) {
          keep({ title: name, passed: false, found: errorText(error) }, since);
        }
      };
      try {
        await act(check);
      } catch (error) {
        keep(
          { title: 'the chapter runs to its end', passed: false, found: errorText(error) },
          chapterStarted,
        );
      }
      chapters.push({ title, seconds: secondsSince(chapterStarted), checks });
    },
    cutOff() {
      isCutOff = true;
    },
    report: () => ({
      isCutOff,
      passed: chapters.every(({ checks }) => checks.every(({ passed }) => passed)),
      seconds: secondsSince(started),
      chapters,
    }),
  };
}

/** The last lines: how many checks passed, which did not, and where the time went. */
export function closingLines({ chapters, seconds }: StoryReport): string[] {
  const checks = chapters.flatMap((chapter) => chapter.checks);
  const failed = checks.filter(({ passed }) => !passed);
  return [
    '',
    'Time by chapter:',
    ...chapters.map(({ title, seconds: spent }) => `  ${spent.toFixed(1).padStart(6)} s  ${title}`),
    '',
    ...(failed.length === 0 ? [] : ['Failed:', ...failed.map(checkLine), '']),
    `${checks.length - failed.length} of ${checks.length} checks passed, in ${seconds.toFixed(0)} s.`,
  ];
}

function checkLine({ title, passed, found, seconds }: CheckResult): string {
  const what = found === '' ? title : `${title}: ${found}`;
  return `  ${passed ? 'passed' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${what}`;
}

function secondsSince(started: number): number {
  return Math.round((performance.now() - started) / 100) / 10;
}
