/**
 * Warns the operator, once at the agent's start, of device specs without the apparent effect: never
 * a silent no-match.
 */
import { auditDeviceSpecs, printFinding } from '#core/pci/specs/device-spec-audit.ts';
import type { AgentOptions } from '../agent-options.ts';

/**
 * Logs a line per finding. Example: `novella.yaml:5 …: entry 0: matches nothing: no network
 * interface enp9s0`.
 */
export async function auditSpecs(options: AgentOptions): Promise<void> {
  const { functions } = await options.pciBus.listFunctions();
  for (const finding of auditDeviceSpecs(options.deviceSpecs, functions)) {
    options.log.warn({ host: options.host, code: finding.code }, printFinding(finding));
  }
}
