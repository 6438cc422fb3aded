/**
 * Limits by a project's id, though the configuration may name it: names are learned from callers'
 * tokens.
 */
import type { IdentityService } from '#contracts/services/identity.ts';
import {
  type ConfiguredQuotas,
  configuredFor,
  limitsOf,
  type QuotaLimits,
  type Quotas,
} from '#core/quotas/limits.ts';

export class ProjectQuotas {
  readonly #quotas: Quotas;
  readonly #names = new Map<string, string>();

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
  }

  /** Records a project's name. */
  learn(project: { id: string; name: string }): void {
    this.#names.set(project.id, project.name);
  }

  /** What was configured for a project; see `limitsOf`. */
  readonly configuredFor = (projectId: string): ConfiguredQuotas =>
    configuredFor(this.#quotas, { id: projectId, name: this.#names.get(projectId) });

  /**
   * The limits of a project. One whose name is not known yet has those of its id, or the default.
   */
  readonly limitsOf = (projectId: string): QuotaLimits =>
    limitsOf(this.#quotas, { id: projectId, name: this.#names.get(projectId) });

  /** The same service; it records the projects of its callers. */
  learningFrom(identity: IdentityService): IdentityService {
    return {
      ...identity,
      validate: async (token) => {
        const caller = await identity.validate(token);
        this.learn({ id: caller.projectId, name: caller.projectName });
        return caller;
      },
    };
  }
}
