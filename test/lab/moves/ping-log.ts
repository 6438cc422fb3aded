/** Reads the log of a continuous `ping -D -O`: when each ping was sent, and when answered. */

export interface PingSummary {
  sent: number;
  answered: number;
  /** The longest time without an answer, in milliseconds; the whole log's without any. */
  outageMs: number;
  /** When that began, in milliseconds since 1970 by the clock of the host that sent. */
  outageAt: number;
}

interface Answer {
  /** Milliseconds since 1970. */
  sentAt: number;
  receivedAt: number;
}

/**
 * The log's lines are `[1796037779.861] 64 bytes from 10.42.0.20: icmp_seq=5 ttl=64 time=6.45 ms`
 * and `[…] no answer yet for icmp_seq=6`. An answer that came late counts when it came. Source:
 * ping(8), -D and -O.
 */
export function summaryOf(log: string): PingSummary {
  const lines = log.split('\n').flatMap(parseLine);
  const answers = lines.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  const bounds = lines.map(({ at, answer }) => answer?.sentAt ?? at);
  const moments = [
    Math.min(...bounds),
    ...answers.map(({ receivedAt }) => receivedAt).sort((a, b) => a - b),
    Math.max(...lines.map(({ at }) => at)),
  ];
  const [outageMs, outageAt] = moments
    .slice(1)
    .map((at, before) => [at - moments[before]!, moments[before]!] as const)
    .reduce((longest, gap) => (gap[0] > longest[0] ? gap : longest), [0, moments[0]!]);
  const sent = Math.max(0, ...lines.map(({ sequence }) => sequence));
  return { sent, answered: answers.length, outageMs: Math.round(outageMs), outageAt };
}

function parseLine(line: string): { at: number; sequence: number; answer?: Answer }[] {
  const [, seconds, sequence] = /^\[(\d+\.\d+)\] .*icmp_seq=(\d+)/.exec(line) ?? [];
  if (seconds === undefined) return [];
  const at = Number(seconds) * 1_000;
  const ping = { at, sequence: Number(sequence) };
  const [, travel] = / bytes from .* time=([\d.]+) ms/.exec(line) ?? [];
  if (travel === undefined) return [ping];
  return [{ ...ping, answer: { sentAt: at - Number(travel), receivedAt: at } }];
}
