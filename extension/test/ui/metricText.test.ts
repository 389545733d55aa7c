import { afterEach, describe, expect, it } from 'vitest';
import { metricTexts } from '../../scripts/metricTexts.mjs';
import { localizeMetric, metricTitle } from '../../src/ui/metricText';
import { translations } from '../vscode';

afterEach(() => translations.clear());

describe('localizeMetric', () => {
  it('keeps what the daemon said where there is no translation', () => {
    const label = { title: 'Loss', unit: 'nats', sign: 'positive: adds to the loss' };
    expect(localizeMetric('token', 'loss', label)).toEqual(label);
    expect(metricTitle('loss')).toBe('Loss');
    expect(metricTitle('stabilizer.entropy-gate.weight')).toContain('entropy-gate');
    expect(metricTitle('of another version')).toBeUndefined();
  });

  it('takes titles by key, and the rest only where the daemon still says what was translated', () => {
    translations.set('metric.run.loss', 'Verlust').set('nats per token', 'Nats je Token').set('old estimator', 'alter Schätzer');
    expect(localizeMetric('run', 'loss', { title: 'Loss, reworded', unit: 'nats per token', estimator: 'new estimator' })).toEqual({ title: 'Verlust', unit: 'Nats je Token', estimator: 'new estimator' });
    expect(localizeMetric('token', 'loss', { title: 'Loss' })).toEqual({ title: 'Loss' });
  });

  it('has one text for all stabilizers', () => {
    translations.set('metric.run.stabilizer.weight', 'Mittleres Gewicht von {0}').set('metric.token.stage', 'Gewicht nach {0}').set('when {0} had acted', 'nach {0}');
    expect(metricTitle('stabilizer.entropy-gate.weight')).toBe('Mittleres Gewicht von entropy-gate');
    expect(localizeMetric('token', 'stage:a.b', { title: 'Weight after a.b', estimator: 'when a.b had acted' })).toEqual({ title: 'Gewicht nach a.b', estimator: 'nach a.b' });
  });
});

describe('metricTexts', () => {
  it('reads what the daemon says from where it says it', () => {
    const texts = metricTexts('..');
    expect(texts).toMatchObject({ 'metric.run.loss': 'Loss', 'metric.run.logRatio': 'Log-ratio', 'metric.run.stabilizer.dropped': 'Left out by {0}', 'metric.token.logRatio': 'Log-ratio student/teacher', 'metric.token.stage': 'Weight after {0}', 'nats per token': 'nats per token' });
    // What depends on the recipe is not translated, and nothing of a C# text is left.
    expect(Object.values(texts).filter((text) => /\{(?!0\})|objective|["$]/.test(text))).toEqual([]);
  });
});
