/** Looks inside the last story: tokens, time, memory. */
import { useEffect, useRef } from 'preact/hooks';
import { insideFailure, lookInside } from '../state/inside.ts';
import { phase, told } from '../state/story.ts';
import { texts } from '../texts/index.ts';
import { CyclesTable } from './cycles-table.tsx';
import { exportPage } from './export-page.ts';
import { Failure } from './failure.tsx';
import { Later } from './later.tsx';
import { MemoryPicture } from './memory-picture.tsx';
import { Roofline } from './roofline.tsx';
import { TimeChart } from './time-chart.tsx';
import { TokenDetail } from './token-detail.tsx';
import { TokenKernels } from './token-kernels.tsx';
import { TokenStrip } from './token-strip.tsx';

export function InsidePart() {
  const words = texts.value.inside;
  const root = useRef<HTMLDivElement>(null);
  const story = told.value;
  useEffect(() => void lookInside(), [story]);
  return (
    <div class="page inside" ref={root}>
      <div class="lead">
        <h1>{words.heading}</h1>
        <p>{words.lead}</p>
      </div>
      {insideFailure.value && <Failure error={insideFailure.value} />}
      {story ? (
        <>
          <TokenStrip story={story} />
          <TokenDetail story={story} />
          <Later>
            <TokenKernels story={story} />
          </Later>
          <Later>
            <TimeChart story={story} />
            <CyclesTable story={story} />
          </Later>
          <Later>
            <MemoryPicture memory={story.image.memory} />
            <Roofline story={story} />
            <p class="no-export save">
              <button type="button" class="quiet" onClick={() => exportPage(root.current!, story)}>
                {words.save}
              </button>
            </p>
          </Later>
        </>
      ) : (
        <p class="soft" role="status">
          {texts.value.story.phases[phase.value]}
        </p>
      )}
    </div>
  );
}
