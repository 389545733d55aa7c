// What a person sees in the editor, at real positions. A | in a text is the cursor.
import assert from 'node:assert/strict';
import test from 'node:test';
import { open } from './engine.mjs';

const recipe = open(process.env.RECIPE_SCHEMA);
const rest = '"student": { "model": "s" }, "data": { "train": "d.jsonl" }';

async function labels(marked) {
  const position = marked.indexOf('|');
  const items = await recipe(marked.replace('|', '')).complete(position);
  return items.map((i) => i.label);
}

test('an empty file offers a whole recipe', async () => {
  const items = await recipe('').complete(0);
  const whole = items.find((i) => i.label.startsWith('New recipe'));
  assert.match(whole.textEdit?.newText ?? whole.insertText, /"version": 1/);
});

test('the root offers its settings and not those already there', async () => {
  const found = await labels(`{ "version": 1, ${rest}, | }`);
  for (const name of ['objective', 'signal', 'rollout', 'optimizer', 'steps', 'device']) assert.ok(found.includes(name), name);
  assert.ok(!found.includes('student'));
});

test('kinds are offered, each with what it does', async () => {
  const text = '{ "objective": { "kind": | } }';
  const items = await recipe(text.replace('|', '')).complete(text.indexOf('|'));
  assert.deepEqual(['"divergence"', '"policy-gradient"', '"supervised"'].filter((k) => !items.some((i) => i.label === k)), []);
});

test('after the kind only its own settings are offered', async () => {
  const found = await labels('{ "objective": { "kind": "divergence", | } }');
  assert.ok(found.includes('beta'));
  assert.ok(!found.includes('discount'), found.join());
});

test('an enum offers its values with their meaning', async () => {
  const text = '{ "optimizer": { "schedule": | } }';
  const items = await recipe(text.replace('|', '')).complete(text.indexOf('|'));
  const cosine = items.find((i) => i.label === '"cosine"');
  assert.match(cosine.documentation.value ?? cosine.documentation, /half a cosine/);
});

test('a hover tells meaning, unit, range and default', async () => {
  const hover = await recipe('{ "rollout": { "maxNewTokens": 5 } }').hover('maxNewTokens');
  assert.match(hover, /longest response/);
  assert.match(hover, /in tokens · at least 1 · default `256`/);
});

test('a hover inside a kind tells that kind', async () => {
  const hover = await recipe('{ "signal": { "kind": "teacher", "model": "m" } }').hover('"model"');
  assert.match(hover, /relative to the recipe/);
});

test('a valid recipe with comments and a trailing comma has no diagnostics', async () => {
  const text = `{ // c\n "version": 1, ${rest}, "objective": { "beta": 0.3, "kind": "divergence" }, }`;
  assert.deepEqual(await recipe(text).diagnostics(), []);
});

test('diagnostics stand where the mistake is', async () => {
  const text = `{ "version": 1, ${rest},\n "objective": { "kind": "divergence" },\n "rollout": { "topP": 2 },\n "stepps": 1 }`;
  const found = await recipe(text).diagnostics();
  assert.deepEqual(found.map((d) => [d.line, d.column]), [[3, 23], [4, 2]]);
  assert.match(found[0].message, /maximum of 1/);
});

test('a wrong kind lists the kinds', async () => {
  const found = await recipe(`{ "version": 1, ${rest}, "objective": { "kind": "divergense" } }`).diagnostics();
  assert.match(found[0].message, /"divergence", "policy-gradient"/);
});

test('a missing objective is named', async () => {
  const found = await recipe(`{ "version": 1, ${rest} }`).diagnostics();
  assert.match(found.map((d) => d.message).join(), /objective/);
});
