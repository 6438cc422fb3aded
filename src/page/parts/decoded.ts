/** A part of an address as text. Example: `a%2Fb` → `a/b`. undefined: it has a broken escape. */
export function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
