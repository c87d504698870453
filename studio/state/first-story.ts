import { storySettings } from '../../src/contract/index.ts';

/** What the page tells when nobody has asked for anything: the build makes its results ahead. */
export const FIRST_STORY = {
  model: 'stories',
  board: 't-camera-s3',
  prompt: 'Once upon a time',
  ...storySettings,
  seed: 42,
} as const;
