/**
 * `npm run build:page`, a part of `npm ci`: the page as static files in `dist/ui`, which the
 * compute service serves. Configuration of Vite.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('../src/page', import.meta.url)),
  base: '/ui/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../dist/ui', import.meta.url)),
    emptyOutDir: true,
    target: 'es2024',
    // The policy of the page permits `data:` for images alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // On a busy machine it warns of the time that it took.
    rolldownOptions: { checks: { bundlerTimings: false } },
    manifest: 'manifest.json',
  },
});
