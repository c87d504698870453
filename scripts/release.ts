/**
 * npm run release -- patch|minor|major: checks that the tree is clean and all tests pass, moves CHANGELOG's Unreleased
 * under the new version, sets the version, commits and tags. Nothing leaves this machine: it says what to push, and the
 * release workflow publishes the tag with provenance.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isMain } from './generated.ts';

const KINDS = ['major', 'minor', 'patch'] as const;
type Kind = (typeof KINDS)[number];

/** Where the version stands beside package.json and its lock: `VERSION = '…'`. */
const VERSION_FILE = 'src/firmware/version.ts';
const UNRELEASED = '## Unreleased';

class Refused extends Error {}

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** npm is a script on Windows, which only a shell starts. */
function npm(...args: string[]): void {
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Refused(`npm ${args.join(' ')} failed; nothing was changed`);
}

/** The version after a release of that kind. @throws Refused where `version` is not three numbers */
export function nextVersion(version: string, kind: Kind): string {
  const numbers = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)?.slice(1).map(Number);
  if (!numbers) throw new Refused(`package.json has the version ${version}, which is not three numbers`);
  const at = KINDS.indexOf(kind);
  return numbers.map((number, index) => (index < at ? number : index === at ? number + 1 : 0)).join('.');
}

/** CHANGELOG with what is unreleased under a heading of its own. @throws Refused where there is nothing */
function release(changelog: string, version: string, date: string): string {
  const entries = changelog.split(`${UNRELEASED}\n`)[1]?.split(/^## /m)[0]?.trim();
  if (!entries)
    throw new Refused(`CHANGELOG.md has nothing under "${UNRELEASED}"; say what this release brings`);
  return changelog.replace(`${UNRELEASED}\n`, () => `${UNRELEASED}\n\n## ${version} (${date})\n`);
}

function main(kind: Kind): void {
  if (git('status', '--porcelain') !== '')
    throw new Refused('there are changes that are not committed; commit or stash them (git status)');
  const current: string = JSON.parse(readFileSync('package.json', 'utf8')).version;
  const version = nextVersion(current, kind);
  const tag = `v${version}`;
  if (git('tag', '--list', tag) !== '') throw new Refused(`the tag ${tag} exists already`);
  const changelog = release(
    readFileSync('CHANGELOG.md', 'utf8'),
    version,
    new Date().toISOString().slice(0, 10),
  );

  for (const check of ['lint', 'typecheck', 'test:all']) npm('run', check);
  if (git('status', '--porcelain') !== '')
    throw new Refused('the tests left changes behind (git status); a generated file may be out of date');

  npm('version', version, '--no-git-tag-version');
  writeFileSync('CHANGELOG.md', changelog);
  if (existsSync(VERSION_FILE)) {
    const source = readFileSync(VERSION_FILE, 'utf8');
    writeFileSync(VERSION_FILE, source.replace(`'${current}'`, `'${version}'`));
  }
  git('commit', '--all', '--message', version);
  git('tag', '--annotate', tag, '--message', version);
  console.log(`
${current} -> ${version}: committed and tagged. To publish it with provenance:

  git push origin HEAD ${tag}

which starts .github/workflows/release.yml. It needs the secret NPM_TOKEN, or this repository as the package's
trusted publisher on npmjs.com. To take it back instead: git tag --delete ${tag} && git reset --hard HEAD~1`);
}

/** @returns the exit code */
function run([kind, ...more]: readonly string[]): number {
  if (!KINDS.includes(kind as Kind) || more.length > 0) {
    console.error('Which kind of release? npm run release -- patch|minor|major');
    return 2;
  }
  try {
    main(kind as Kind);
    return 0;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(`release: ${error.message}.`);
    return 1;
  }
}

if (isMain(import.meta.url)) process.exitCode = run(process.argv.slice(2));
