/** What the page tells when nobody has asked for anything: the build makes its results ahead. */
export const FIRST_STORY = {
  model: 'stories',
  board: 't-camera-s3',
  prompt: 'Once upon a time',
  temperature: 0.5,
  topp: 0.9,
  penalty: 1.15,
  seed: 42,
} as const;
