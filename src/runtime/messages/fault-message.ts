/** The message in the body of a refusal, which services have under a nested key. */

/** Example: `{"error": {"code": 401, "message": "No."}}` → `No.`; undefined where there is none. */
export function faultMessage(text: string): string | undefined {
  try {
    const [fault] = Object.values(JSON.parse(text) as Record<string, { message?: unknown } | null>);
    return typeof fault?.message === 'string' ? fault.message : undefined;
  } catch {
    return undefined;
  }
}
