/** A rule of the compute API: its default check, and what its target is. */

export interface StandardRule {
  /** In the language of oslo.policy. */
  check: string;
  /**
   * What `%(project_id)s` and `%(user_id)s` are: those of the resource in the path, which is known
   * once it was read; the caller's own; or nothing, for what belongs to no project.
   */
  about: 'resource' | 'caller' | 'nothing';
  /** What it decides within calls, where it is not the rule of a call. */
  decides?: string;
  /** Why it decides nothing here. Nova has it. */
  unused?: string;
}

type Notes = Pick<StandardRule, 'decides' | 'unused'>;

export const ofResource = (check: string, notes: Notes = {}): StandardRule => ({
  check,
  about: 'resource',
  ...notes,
});
export const ofProject = (check: string, notes: Notes = {}): StandardRule => ({
  check,
  about: 'caller',
  ...notes,
});
export const ofCloud = (check: string, notes: Notes = {}): StandardRule => ({
  check,
  about: 'nothing',
  ...notes,
});

export const admin = 'rule:context_is_admin';
export const manager = 'rule:project_manager_or_admin';
export const member = 'rule:project_member_or_admin';
export const reader = 'rule:project_reader_or_admin';
export const service = 'rule:service_or_admin';
export const anybody = '@';
export const nobody = '!';
