/** Whether the optional package that shows consoles is installed. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const rfb = new URL('../../../node_modules/@novnc/novnc/core/rfb.js', import.meta.url);

export const hasNoVnc = existsSync(fileURLToPath(rfb));
