#!/usr/bin/env node
/** Entry of the `esp32-llm` command: one file per verb in `verbs/`, loaded only when asked for. */
process.stderr.write('esp32-llm: no verbs yet\n');
