/**
 * A certificate for 127.0.0.1 and localhost, its key, and the authority that signed it: valid for a
 * century, and trusted by no other program.
 */
import { fileURLToPath } from 'node:url';

const file = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));

export const tlsFiles = {
  certificate: file('service.pem'),
  key: file('service.key'),
  caFile: file('ca.pem'),
};
