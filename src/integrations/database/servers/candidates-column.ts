/**
 * The candidates of a decision as text: the names of the weights are written once, not with each
 * host, because a decision is written in every claim.
 */
import type { Candidate } from '#core/scheduling/decision.ts';

/** Each host with its weight, then its parts in the order of `weights`. */
interface Packed {
  weights: string[];
  hosts: [host: string, weight: number, ...parts: number[]][];
}

/**
 * All candidates have the same weights. Example:
 * `{"weights":["pci"],"hosts":[["host-1",2,0.5]]}`.
 */
export function packCandidates(candidates: readonly Candidate[]): string {
  const weights = Object.keys(candidates[0]?.weights ?? {});
  const hosts = candidates.map((one): Packed['hosts'][number] => [
    one.host,
    one.weight,
    ...weights.map((name) => one.weights[name] ?? 0),
  ]);
  return JSON.stringify({ weights, hosts } satisfies Packed);
}

/** Decisions from before migration 0041 have the candidates themselves. */
export function unpackCandidates(text: string): Candidate[] {
  const packed = JSON.parse(text) as Packed | Candidate[];
  if (Array.isArray(packed)) return packed;
  return packed.hosts.map(([host, weight, ...parts]) => {
    const named = packed.weights.map((name, at): [string, number] => [name, parts[at] ?? 0]);
    return { host, weight, weights: Object.fromEntries(named) };
  });
}
