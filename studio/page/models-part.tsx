/** Which model, and what it would do on every board. */
import { useEffect } from 'preact/hooks';
import { makeReport, openFailure, opening, source } from '../state/model.ts';
import { texts } from '../texts/index.ts';
import { Failure } from './failure.tsx';
import { FitTable } from './fit-table.tsx';
import { ModelCard } from './model-card.tsx';
import { ModelChooser } from './model-chooser.tsx';
import { Page } from './page.tsx';
import { Pruner } from './pruner.tsx';

export function ModelsPart() {
  const words = texts.value.models;
  useEffect(() => void makeReport(), [source.value]);
  return (
    <Page words={words}>
      <div class="halves">
        <ModelCard />
        <ModelChooser />
      </div>
      <p role="status" class="soft">
        {opening.value !== undefined && `${words.opening} ${opening.value}`}
      </p>
      {openFailure.value && <Failure error={openFailure.value} />}
      <FitTable />
      <Pruner />
    </Page>
  );
}
