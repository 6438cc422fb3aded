/** The lab's story: chapters with checks, printed as they run, and kept for the report. */
import { errorText } from '#core/errors.ts';

/** One check, and its failure if it did not pass. Times in seconds. */
export interface ToldClaim {
  claim: string;
  holds: boolean;
  found: string;
  seconds: number;
}

export interface ToldChapter {
  title: string;
  seconds: number;
  claims: ToldClaim[];
}

/** The report, one JSON document. */
export interface Told {
  holds: boolean;
  /** The emulated host ended early: chapters that are missing were not checked. */
  isCutOff: boolean;
  seconds: number;
  chapters: ToldChapter[];
}

/** Runs one check: `check` returns what was seen, and throws a plain message when it fails. */
export type Claim = (claim: string, check: () => Promise<string>) => Promise<void>;

export interface Telling {
  /** A chapter that throws has failed with that error; the next one runs all the same. */
  chapter(title: string, act: (claim: Claim) => Promise<void>): Promise<void>;
  cutOff(): void;
  report(): Told;
}

/**
 * Starts a story on this output. Example of a line: ` held 12.4 s guest a reaches guest b: 4 of 4
 * answers`.
 */
export function startTelling(write: (line: string) => void): Telling {
  const started = performance.now();
  const chapters: ToldChapter[] = [];
  let isCutOff = false;
  return {
    async chapter(title, act) {
      const chapterStarted = performance.now();
      const claims: ToldClaim[] = [];
      const keep = (claim: Omit<ToldClaim, 'seconds'>, since: number): void => {
        const reported = { ...claim, seconds: secondsSince(since) };
        claims.push(reported);
        write(claimLine(reported));
      };
      write('');
      write(title);
      const claim: Claim = async (text, check) => {
        const since = performance.now();
        try {
          keep({ claim: text, holds: true, found: await check() }, since);
        } catch (error) {
          keep({ claim: text, holds: false, found: errorText(error) }, since);
        }
      };
      try {
        await act(claim);
      } catch (error) {
        keep(
          { claim: 'the chapter is told to its end', holds: false, found: errorText(error) },
          chapterStarted,
        );
      }
      chapters.push({ title, seconds: secondsSince(chapterStarted), claims });
    },
    cutOff() {
      isCutOff = true;
    },
    report: () => ({
      isCutOff,
      holds: chapters.every(({ claims }) => claims.every(({ holds }) => holds)),
      seconds: secondsSince(started),
      chapters,
    }),
  };
}

/** The last lines: how many checks passed, which did not, and where the time went. */
export function closingLines({ chapters, seconds }: Told): string[] {
  const claims = chapters.flatMap((chapter) => chapter.claims);
  const failed = claims.filter(({ holds }) => !holds);
  return [
    '',
    'Time by chapter:',
    ...chapters.map(({ title, seconds: spent }) => `  ${spent.toFixed(1).padStart(6)} s  ${title}`),
    '',
    ...(failed.length === 0 ? [] : ['Did not hold:', ...failed.map(claimLine), '']),
    `${claims.length - failed.length} of ${claims.length} claims held, in ${seconds.toFixed(0)} s.`,
  ];
}

function claimLine({ claim, holds, found, seconds }: ToldClaim): string {
  const what = found === '' ? claim : `${claim}: ${found}`;
  return `  ${holds ? 'held  ' : 'FAILED'} ${seconds.toFixed(1).padStart(6)} s  ${what}`;
}

function secondsSince(started: number): number {
  return Math.round((performance.now() - started) / 100) / 10;
}
