/** What the downloads of checkpoints show on stderr: redrawn on a terminal, elsewhere a line once a file is there. */
import type { PullOptions } from '../hub/index.ts';
import { kilobytes } from './table.ts';

export const showDownloads: PullOptions = {
  onProgress: (file) => (done, total) => {
    const { isTTY } = process.stderr;
    if (!isTTY && done !== total) return;
    const share = total ? ` of ${kilobytes(total)} (${Math.floor((100 * done) / total)} %)` : '';
    process.stderr.write(
      `${isTTY ? '\r' : ''}${file}: ${kilobytes(done)}${share}${done === total ? '\n' : ''}`,
    );
  },
};
