/** Chromium for tests, where there is one. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
export const browserPath = BROWSERS.find((path) => existsSync(path));

/** On top of Playwright's own: the sandbox needs a user other than root, and nothing here may talk to the network. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
/** Memory is measured when it is asked for, not at the browser's next collection of garbage, which may be 20 s away. */
const EAGER = ['--enable-blink-features=ForceEagerMeasureMemory'];
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserPath, args: [...FLAGS, ...QUIET, ...EAGER] });
