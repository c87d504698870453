/** Looks inside the last story: tokens, time, memory. */
import { useEffect } from 'preact/hooks';
import { insideFailure, lookInside } from '../state/inside.ts';
import { phase, told } from '../state/story.ts';
import { texts } from '../texts/index.ts';
import type { Told } from '../worker/protocol.ts';
import { CyclesTable } from './cycles-table.tsx';
import { Failure } from './failure.tsx';
import { Later } from './later.tsx';
import { MemoryPicture } from './memory-picture.tsx';
import { Roofline } from './roofline.tsx';
import { TimeChart } from './time-chart.tsx';
import { TokenDetail } from './token-detail.tsx';
import { TokenKernels } from './token-kernels.tsx';
import { TokenStrip } from './token-strip.tsx';

interface InsideProps {
  /** What stands below all of it. */
  Foot: (props: { story: Told }) => preact.JSX.Element;
}

export function InsidePart({ Foot }: InsideProps) {
  const words = texts.value.inside;
  const story = told.value;
  useEffect(() => void lookInside(), [story]);
  return (
    <div class="page inside">
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
            <Foot story={story} />
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
