/** The Worker that plans a model for all boards, which takes seconds and leaves nothing behind. */
import { findBoard } from '../../src/chip/boards/index.ts';
import { deviceProgramNames } from '../../src/device-programs.ts';
import { FailureError } from '../../src/errors.ts';
import { buildFirmware, fitBoards } from '../../src/firmware/index.ts';
import { describeModel, writeCheckpoint } from '../../src/model/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { prunedFor } from '../../src/reference/index.ts';
import { openSource } from './open.ts';
import type { PlannerCalls } from './protocol.ts';
import { serve } from './serve.ts';
import { programsOf, sharedResults } from './shipped.ts';

/** All that an image of any precision may be made of. */
const programs = () => programsOf(...deviceProgramNames.filter((name) => name.startsWith('main.chip')));

serve<PlannerCalls>({
  async report(source) {
    const { name, model, tokenizer } = await openSource(source);
    const fits = fitBoards(model, tokenizer, await programs(), await sharedResults());
    return { file: name, ...describeModel(model), tokenizer: tokenizer.rules, fits };
  },
  async refusal({ source, board, precision, context }) {
    const { model, tokenizer } = await openSource(source);
    try {
      const packed = quantize(model, { precision });
      const asInt8 = precision === 'int8' ? undefined : () => quantize(model, { precision: 'int8' });
      buildFirmware({
        programs: await programs(),
        model: packed,
        tokenizer,
        board: findBoard(board),
        context,
        asInt8,
      });
    } catch (error) {
      if (error instanceof FailureError) return error.message;
      throw error;
    }
    return '';
  },
  async prune({ source, text }) {
    const before = await openSource(source);
    const after = prunedFor(before, text);
    const file = new Blob([Uint8Array.from(writeCheckpoint(after.model, after.tokenizer))]);
    const name = `${before.name}-pruned`;
    return {
      source: { kind: 'files', name, files: [{ name: `${name}.safetensors`, file }] },
      before: before.tokenizer.vocabulary.length,
      after: after.kept.length,
      saved: after.saved,
      bits: after.bits,
    };
  },
});
