/** Empties dist/ before a build (`npm run build` runs this first): what no longer has a source must not ship. */
import { rmSync } from 'node:fs';
import { beginBuild } from './stamp.ts';

rmSync('dist', { recursive: true, force: true });
beginBuild();
