import { l10n } from 'vscode';
import bundle from '../../l10n/bundle.l10n.json';
import type { MetricDescription } from '../daemon/protocol';

// The editor loads no bundle for English, and where only names are known nobody else says what they mean.
const english: Readonly<Record<string, string>> = bundle;

/** What a number is, in the reader's language; what has no translation stays as the daemon said it. See scripts/metricTexts.mjs. */
export function localizeMetric(family: 'run' | 'token', name: string, label: MetricDescription): MetricDescription {
  const { title, unit, estimator, sign } = label;
  const { key, parameter } = keyOf(family, name);
  const translate = (text: string): string => (parameter === undefined ? l10n.t(text) : l10n.t(text.replaceAll(parameter, '{0}'), parameter));
  return {
    title: titleOf(key, parameter) ?? title,
    ...(unit === undefined ? {} : { unit: translate(unit) }),
    ...(estimator === undefined ? {} : { estimator: translate(estimator) }),
    ...(sign === undefined ? {} : { sign: translate(sign) }),
  };
}

/** The title of a run's metric in the reader's language, else in English; undefined for a metric that nobody described. */
export function metricTitle(name: string): string | undefined {
  const { key, parameter } = keyOf('run', name);
  return titleOf(key, parameter) ?? english[key]?.replaceAll('{0}', parameter ?? '');
}

function titleOf(key: string, parameter: string | undefined): string | undefined {
  const title = parameter === undefined ? l10n.t(key) : l10n.t(key, parameter);
  // A key that is not translated comes back as it is.
  return title === key ? undefined : title;
}

/** `stage:NAME`, `term:NAME` and `stabilizer.NAME.weight` are one text each, whatever the stabilizer's name. */
function keyOf(family: 'run' | 'token', name: string): { key: string; parameter: string | undefined } {
  const stabilizer = /^(?:(stage|term):(.+)|stabilizer\.(.+)\.(\w+))$/.exec(name);
  if (!stabilizer) return { key: `metric.${family}.${name}`, parameter: undefined };
  const [, kind, ofColumn, ofRun, measure] = stabilizer;
  return kind === undefined ? { key: `metric.${family}.stabilizer.${measure ?? ''}`, parameter: ofRun } : { key: `metric.${family}.${kind}`, parameter: ofColumn };
}
