/** The open model in facts. */
import { facts } from '../state/model.ts';
import { formatBytes, formatNumber, texts } from '../texts/index.ts';
import { Row } from './row.tsx';

export function ModelCard() {
  const words = texts.value.models;
  const model = facts.value;
  if (!model) return <section class="card" aria-label={words.open} aria-busy="true" />;
  const { config, bytes } = model;
  const shape = `${formatNumber(config.layers)} × ${formatNumber(config.dim)}, ${formatNumber(config.hiddenDim)}`;
  return (
    <section class="card" aria-labelledby="model-name">
      <h2 id="model-name">{model.name}</h2>
      <dl class="rows">
        <Row name={words.format}>{model.format}</Row>
        <Row name={words.parameters}>{formatNumber(model.parameters)}</Row>
        <Row name={words.shape}>{shape}</Row>
        <Row name={words.heads}>
          {formatNumber(config.heads)} / {formatNumber(config.kvHeads)}
        </Row>
        <Row name={words.context}>{formatNumber(config.context)}</Row>
        <Row name={words.tokenizer}>{model.tokenizer}</Row>
        <Row name={words.sizes}>
          {Object.entries(bytes)
            .map(([precision, size]) => `${precision} ${formatBytes(size)}`)
            .join(', ')}
        </Row>
      </dl>
    </section>
  );
}
