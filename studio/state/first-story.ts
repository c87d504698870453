/** What the page tells when nobody has asked for anything: the build makes its results ahead. */
export const FIRST_STORY = {
  model: 'tinystories',
  board: 't-camera-s3',
  prompt: 'Once upon a time',
  temperature: 0.7,
  topp: 0.9,
  seed: 42,
} as const;
