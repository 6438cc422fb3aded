/**
 * The title of a test, with the reason where it is skipped. Example: `skipTitle('a disk that fills
 * up', false, 'no mount namespaces')` → `a disk that fills up: no mount namespaces`.
 */
export function skipTitle(title: string, isRun: boolean, why: string): string {
  return isRun ? title : `${title}: ${why}`;
}
