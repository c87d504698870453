/** The verbs, in the order in which `--help` lists them. */
import type { Command } from 'commander';
import { register as asm } from './asm.ts';
import { register as bench } from './bench.ts';
import { register as board } from './board.ts';
import { register as build } from './build.ts';
import { register as chat } from './chat.ts';
import { register as compile } from './compile.ts';
import { register as disasm } from './disasm.ts';
import { register as evaluate } from './eval.ts';
import { register as exec } from './exec.ts';
import { register as exportComponent } from './export.ts';
import { register as flash } from './flash.ts';
import { register as inspect } from './inspect.ts';
import { register as intents } from './intents.ts';
import { register as link } from './link.ts';
import { register as monitor } from './monitor.ts';
import { register as ports } from './ports.ts';
import { register as pull } from './pull.ts';
import { register as rollout } from './rollout.ts';
import { register as run } from './run.ts';
import { register as serve } from './serve.ts';
import { register as studio } from './studio.ts';
import { register as train } from './train.ts';
import { register as verify } from './verify.ts';
import { register as worker } from './worker.ts';

const verbs: readonly ((program: Command) => void)[] = [
  run,
  studio,
  build,
  inspect,
  bench,
  evaluate,
  train,
  intents,
  pull,
  flash,
  monitor,
  chat,
  verify,
  rollout,
  board,
  serve,
  worker,
  ports,
  exportComponent,
  asm,
  link,
  disasm,
  exec,
  compile,
];

export function registerVerbs(program: Command): void {
  for (const register of verbs) register(program);
}
