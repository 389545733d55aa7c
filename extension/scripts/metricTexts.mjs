// What the daemon says about its numbers, read from where it says it: titles by the key of the number, so that a
// translation outlives another wording; units, estimators and signs by their English text, so that one that changed its
// meaning is never shown under the translation of the old one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const text = '(?:null|\\$?"[^"]*")';
const field = /\b(Title|Unit|Estimator|Sign) = (\$?"[^"]*")/g;

/** Texts of the bundle for translators: `metric.run.loss` → `Loss`, `nats per token` → itself. */
export function metricTexts(root) {
  const read = (...path) => readFileSync(join(root, 'daemon', ...path), 'utf8');
  const texts = {};
  const add = (key, title, others) => {
    const english = unquote(title);
    if (english === undefined) throw new Error(`${key} has no title that can be translated`);
    texts[`metric.${key}`] = english;
    for (const other of others.map((each) => unquote(each))) if (other !== undefined) texts[other] = other;
  };
  const described = (key, body) => {
    const fields = [...body.matchAll(field)];
    add(key, fields.find(([, name]) => name === 'Title')?.[2], fields.filter(([, name]) => name !== 'Title').map(([, , value]) => value));
  };
  for (const [, key, body] of read('OpdCode.Distillation', 'Runs', 'MetricLabels.cs').matchAll(/\["(\w+)"\] = new\(\)\s*\{(.*?)\s\},\r?\n/gs)) described(`run.${key}`, body);
  const stabilizers = read('OpdCode.Distillation', 'Stabilizers', 'StabilizerMetrics.cs');
  const over = /const string over = "([^"]*)"/.exec(stabilizers)?.[1] ?? '';
  for (const [, key, body] of stabilizers.matchAll(/new\(\$"stabilizer\.\{name\}\.(\w+)", new MetricLabel \{(.*?) \}\)/g)) described(`run.stabilizer.${key}`, body.replaceAll('{over}', over));
  const columns = read('OpdCode.Daemon', 'Rollouts', 'ColumnKind.cs');
  for (const [, key, title, ...others] of columns.matchAll(new RegExp(`new\\(\\$?"(\\w+)(?::\\{name\\})?", (?:null|array|"\\w+"), new\\((${text}), (${text}), (${text}), (${text})\\)`, 'g'))) add(`token.${key}`, title, others);
  return texts;
}

/** The English of a C# text with the name as its parameter; undefined where there is none or it depends on more. */
function unquote(literal) {
  if (literal === undefined || literal === 'null') return undefined;
  const english = literal.replace(/^\$?"|"$/g, '').replaceAll('{name}', '{0}');
  return /\{(?!0\})/.test(english) ? undefined : english;
}
