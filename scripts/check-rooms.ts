/** `npm run check:rooms`: the layering table of ARCHITECTURE.md against all imports. Exit code 1 on any breach. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBreaches, findCircles, type Import, readImports, readRooms } from './rooms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src', 'device', 'studio', 'bench', 'scripts'];

export function readRepository() {
  const imports = new Map<string, readonly Import[]>();
  for (const folder of FOLDERS) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const file = relative(root, path).split(sep).join('/');
      if (entry.isFile() && /\.tsx?$/.test(file))
        imports.set(file, readImports(file, readFileSync(path, 'utf8')));
    }
  }
  return { rooms: readRooms(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')), imports };
}

export function checkRepository(): string[] {
  const { rooms, imports } = readRepository();
  const circles = findCircles(imports).map(
    (circle) => `Files import each other in a circle: ${circle.join(' -> ')}.`,
  );
  return [...findBreaches(rooms, imports), ...circles];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkRepository();
  for (const problem of problems) console.log(problem);
  console.log(
    problems.length === 0 ? 'All imports keep to ARCHITECTURE.md.' : `${problems.length} breaches.`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
