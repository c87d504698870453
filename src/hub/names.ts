/** Names on the Hugging Face hub, `hf:owner/name[@revision][/file]`: what they mean, and where the hub has what they name. */
import { UsageError } from '../errors.ts';

export interface HubName {
  /** "owner/name" */
  repository: string;
  /** Branch, tag, `refs/pr/N` or commit. */
  revision: string;
  /** Path inside the repository; without one, what the repository holds decides. */
  file?: string;
}

const PREFIX = 'hf:';
const FORM = /^hf:([\w.-]+\/[\w.-]+?)(?:@(refs\/\w+\/[\w.-]+|[\w.-]+))?(?:\/(.+))?$/;

export const isHubName = (text: string): boolean => text.startsWith(PREFIX);

/** @throws UsageError for what begins with `hf:` and is no such name */
export function parseHubName(text: string): HubName {
  const match = FORM.exec(text);
  const parts = [match?.[1], match?.[2], match?.[3]].flatMap((part) => part?.split('/') ?? []);
  if (!match || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new UsageError(
      `"${text}" names nothing on the hub; write hf:owner/name, hf:owner/name@revision or hf:owner/name/file`,
    );
  return { repository: match[1], revision: match[2] ?? REVISION, ...(match[3] ? { file: match[3] } : {}) };
}

export const REVISION = 'main';

/** Where the hub lists a repository's files. */
export const listAddress = (endpoint: string, { repository, revision }: HubName): string =>
  `${endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}`;

/** Where it gives one of them. */
export const fileAddress = (endpoint: string, { repository, revision }: HubName, path: string): string =>
  `${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${path.split('/').map(encodeURIComponent).join('/')}`;
