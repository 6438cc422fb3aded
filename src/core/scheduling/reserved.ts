/** What an operator reserves for the host itself. */

export interface Reserved {
  vcpus: number;
  memoryMib: number;
}

/**
 * The host's resources that guests may use; never below zero. Source: Nova `reserved_host_cpus`,
 * `reserved_host_memory_mb`.
 */
export function withoutReserved<Facts extends { vcpus: number; memoryMib: number }>(
  facts: Facts,
  { vcpus, memoryMib }: Reserved,
): Facts {
  return {
    ...facts,
    vcpus: Math.max(0, facts.vcpus - vcpus),
    memoryMib: Math.max(0, facts.memoryMib - memoryMib),
  };
}
