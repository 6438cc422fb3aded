/**
 * How long servers ran in a period, and what they used. Pure: servers and times are arguments.
 * Source: Nova `simple_tenant_usage.py`.
 */

const msPerHour = 3_600_000;

/** Epoch milliseconds. */
export interface Period {
  from: number;
  until: number;
}

/** A server's life: epoch milliseconds; `terminatedAt` null: it exists. */
export interface Life {
  launchedAt: number;
  terminatedAt: number | null;
}

/** Example: launched an hour before the period's end, and still there → 1. */
export function hoursIn({ launchedAt, terminatedAt }: Life, { from, until }: Period): number {
  const start = Math.max(launchedAt, from);
  const end = Math.min(terminatedAt ?? until, until);
  return Math.max(0, end - start) / msPerHour;
}

/** Memory in MiB, disk (root and ephemeral) in GiB. */
export interface Size {
  vcpus: number;
  memoryMib: number;
  diskGib: number;
}

/** Hours, and sizes times hours. */
export interface Usage extends Size {
  hours: number;
}

/** Example: 2 vcpus for 3 hours and 1 for 4 → `{ hours: 7, vcpus: 10, … }`. */
export function sumOfUsage(servers: readonly (Size & { hours: number })[]): Usage {
  const sum = { hours: 0, vcpus: 0, memoryMib: 0, diskGib: 0 };
  for (const { hours, vcpus, memoryMib, diskGib } of servers) {
    sum.hours += hours;
    sum.vcpus += vcpus * hours;
    sum.memoryMib += memoryMib * hours;
    sum.diskGib += diskGib * hours;
  }
  return sum;
}
