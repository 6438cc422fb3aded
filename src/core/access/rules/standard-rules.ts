/**
 * All rules of the compute API by name, with the checks that hold where no policy file has others.
 */
import { cloudRules } from './cloud-rules.ts';
import { serverRules } from './server-rules.ts';
import type { StandardRule } from './standard-rule.ts';

/**
 * What the other rules refer to. Source: Nova configuration reference, "Policies": the base rules.
 */
export const baseRules = {
  context_is_admin: 'role:admin',
  admin_or_owner: 'is_admin:True or project_id:%(project_id)s',
  admin_api: 'is_admin:True',
  project_manager_api: 'role:manager and project_id:%(project_id)s',
  project_member_api: 'role:member and project_id:%(project_id)s',
  project_reader_api: 'role:reader and project_id:%(project_id)s',
  service_api: 'role:service',
  project_manager_or_admin: 'rule:project_manager_api or rule:context_is_admin',
  project_member_or_admin: 'rule:project_member_api or rule:context_is_admin',
  project_reader_or_admin: 'rule:project_reader_api or rule:context_is_admin',
  service_or_admin: 'rule:service_api or rule:context_is_admin',
} as const;

const rules = { ...serverRules, ...cloudRules } as const;

/** Example: `os_compute_api:servers:create`. */
export type RuleName = keyof typeof rules;

export const standardRules: Readonly<Record<RuleName, StandardRule>> = rules;
