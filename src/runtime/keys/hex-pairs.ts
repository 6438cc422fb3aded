/** Example: `1E2C9B` → `1e:2c:9b`. */
export function hexPairs(hex: string): string {
  return (hex.toLowerCase().match(/../g) ?? []).join(':');
}
