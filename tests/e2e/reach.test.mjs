import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { ask, daemon, makeRun, makeTest, makeWorkspace, removeFolder, root, screenshots, soon } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

// What is reached beyond one sample of one run: other steps, other engines' dumps, files, the queue, checkpoints, chat agents.
let server, browser, page, code, folder, runId;
const test = makeTest(() => page);

before(async () => {
  folder = makeWorkspace();
  // So few prompts that every step answers the same ones.
  const train = join(folder, 'data', 'train.jsonl');
  writeFileSync(train, `${readFileSync(train, 'utf8').split('\n').slice(0, 8).join('\n')}\n`);
  runId = makeRun(folder, 'checkpoint.every=3', 'record.rollouts=8');
  const companion = join(root, 'artifacts', 'vsix', 'companion.vsix');
  execFileSync(process.execPath, [join(root, 'extension', 'node_modules', '@vscode', 'vsce', 'vsce'), 'package', '--no-dependencies', '--skip-license', '--allow-missing-repository', '-o', companion], { cwd: join(root, 'tests', 'e2e', 'companion'), stdio: 'pipe' });
  server = await startCodeServer({ vsix: [process.env.VSIX, companion], machineSettings: { 'opdcode.daemon.path': daemon } });
  browser = await startBrowser();
  page = browser.page;
  page.setDefaultTimeout(30_000);
  code = new Code(page);
  await code.open(server, folder);
  await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
  await row('completed').waitFor();
});
after(async () => {
  if (folder) {
    const { runs } = await ask(folder, 'runs/list', {});
    for (const run of runs.filter(({ state }) => ['starting', 'running', 'pausing', 'paused', 'queued'].includes(state))) await ask(folder, 'runs/abort', { runId: run.id }).catch(() => undefined);
  }
  await browser?.stop();
  await server?.stop();
  if (folder) removeFolder(folder);
});

const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
const list = () => page.locator('.quick-input-widget:visible');
const item = (text) => list().locator('.monaco-list-row', { hasText: text }).first();
const line = (text) => page.locator('.monaco-editor .view-line', { hasText: text }).first();
const toast = (text) => page.locator('.notification-toast', { hasText: text }).first();

/** In a window onto a server a file dialog is a list with a path on top. */
async function chooseFile(title, path) {
  const dialog = list().filter({ hasText: title });
  await dialog.waitFor();
  // It fills in the path of a folder by itself once it has read it, over what was typed.
  await soon(async () => {
    await dialog.locator('input[type=text]').fill(path, { timeout: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(await dialog.locator('input[type=text]').inputValue({ timeout: 1000 }), path);
    await dialog.getByRole('button', { name: /^(OK|Import|Open)$/ }).first().click({ timeout: 1000 });
    await dialog.waitFor({ state: 'hidden', timeout: 2000 });
  });
}

async function openSample() {
  await code.command('View: Close All Editors');
  if (!(await row(/\d tokens/).isVisible())) await row('Step 6').click();
  await row(/\d tokens/).click();
  await line(/RESPONSE/).waitFor();
}

test('the same prompt is looked at over the steps of training with the arrow keys', async () => {
  await openSample();
  await code.command('OpdCode: Show Prompt at Other Steps…');
  await list().filter({ hasText: 'arrow keys move through time' }).waitFor();
  const steps = (await list().locator('.monaco-list-row .label-name').allInnerTexts()).filter((text) => text.startsWith('Step'));
  assert.deepEqual([...new Set(steps)], ['Step 1', 'Step 2', 'Step 4', 'Step 6']);
  for (const step of [4, 2]) {
    await page.keyboard.press('ArrowUp');
    await line(new RegExp(`,\\sstep\\s${step},\\srollout`)).waitFor();
  }
  await page.screenshot({ path: join(screenshots, 'time-travel.png') });
  // Leaving without a choice leads back to where it began.
  await page.keyboard.press('Escape');
  await line(/,\sstep\s6,\srollout/).waitFor();
});

test('what changed between two steps is shown as a difference', async () => {
  await openSample();
  await code.command('OpdCode: Compare with Other Step…');
  await item('Step 1').click();
  await page.getByRole('tab', { name: /Step 1 ↔ step 6/ }).first().waitFor();
  await page.locator('.monaco-diff-editor .view-line', { hasText: /RESPONSE/ }).nth(1).waitFor();
  await page.screenshot({ path: join(screenshots, 'compare-steps.png') });
});

test('a sample is exported as a page that needs nothing else, and as JSON', async () => {
  await openSample();
  for (const extension of ['html', 'json']) {
    const target = join(folder, `exported.${extension}`);
    await code.command('OpdCode: Export Sample…');
    await chooseFile('Export the sample as', target);
    await soon(() => assert.ok(existsSync(target)));
    await toast(`exported.${extension}`).waitFor();
  }
  const html = readFileSync(join(folder, 'exported.html'), 'utf8');
  assert.match(html, /<html/);
  assert.doesNotMatch(html, /(src|href)="https?:/);
  const json = JSON.parse(readFileSync(join(folder, 'exported.json'), 'utf8'));
  assert.ok(JSON.stringify(json).includes('studentLogprobs'));
  await code.command('Notifications: Clear All Notifications');
});

const ids = [52, 53, 54, 55];
const dumps = [
  // prime-rl: whole sequences as ids, the prompt masked.
  ['prime-rl', join('step_7', 'rank_0.jsonl'), JSON.stringify({ token_ids: ids, loss_mask: [0, 0, 1, 1], trainer_logprobs: [0, 0, -0.5, -4], inference_logprobs: [0, 0, -0.25, -1], ref_logprobs: [0, 0, -0.5, -0.1] }), 7],
  ['TRL', 'completions.jsonl', JSON.stringify({ step: 2, prompt: ['p', 'q'], completion: ['ab', 'c'], tokens: [['a', 'b'], ['c']], per_token_logps: [[-1, -0.2], [-3]], ref_per_token_logps: [[-1, -4], [-3]] }), 2],
  ['ms-swift', 'swift.jsonl', JSON.stringify({ step: 3, messages: [{ role: 'user', content: 'hi' }], response: 'yo', logprobs: { content: [{ token: 'y', logprob: -0.5 }, { token: 'o', logprob: -0.1 }] } }), 3],
];
for (const [engine, name, text, step] of dumps) {
  test(`a dump of ${engine} is read into the same view`, async () => {
    const file = join(folder, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `${text}\n`);
    const before = readdirSync(join(folder, 'runs'));
    await code.command('OpdCode: Import Samples…');
    await chooseFile('Import the token dump', file);
    if (engine === 'prime-rl') {
      await list().filter({ hasText: 'Which model has their tokenizer' }).waitFor();
      await item('student').click();
    }
    await soon(() => assert.equal(readdirSync(join(folder, 'runs')).length, before.length + 1));
    await row(`Step ${step}`).click();
    await row(/\d tokens?/).click();
    await line(new RegExp(`step\\s${step},\\srollout\\s0`)).waitFor();
    await line(/RESPONSE/).waitFor();
    if (engine === 'prime-rl') assert.equal(await line(/⟨54⟩/).count(), 0, 'the tokenizer made texts of the ids');
    await page.locator('.monaco-editor .codelens-decoration', { hasText: /log-prob|log p|Log-ratio/i }).first().waitFor();
    await page.screenshot({ path: join(screenshots, `import-${engine}.png`) });
  });
}

test('checkpoints are listed, evaluated and exported', async () => {
  const open = async () => {
    await code.command('OpdCode: Show Checkpoints…');
    await item(runId).click();
    await list().filter({ hasText: 'Checkpoints of' }).waitFor();
    await item('Step 3').waitFor();
  };
  await open();
  await page.screenshot({ path: join(screenshots, 'checkpoints.png') });
  await item('Step 6').click();
  await item('Evaluate').click();
  await toast(/Step 6: \d+ % of \d+ prompts right/).waitFor();
  await open();
  await item('Step 3').click();
  await item('Export as a Model Folder').click();
  const target = join(folder, 'exported-model');
  await chooseFile('Export to a new folder', target);
  await soon(() => assert.ok(existsSync(join(target, 'model.safetensors'))));
  await code.command('Notifications: Clear All Notifications');
});

test('runs that wait have an order, which is changed by moving them', async () => {
  const long = join(folder, 'distill.opd.json');
  for (let run = 0; run < 3; run++) await ask(folder, 'runs/start', { recipePath: long, name: ['active', 'second', 'third'][run], overrides: ['steps=100000'] });
  const queued = page.locator('.pane-body .monaco-list-row', { hasText: /queued, place/ });
  await soon(async () => assert.equal(await queued.count(), 2));
  const order = async () => (await queued.allInnerTexts()).map((text) => /second|third/.exec(text)?.[0]);
  assert.deepEqual(await order(), ['second', 'third']);
  await code.command('OpdCode: Move Up in Queue');
  await item('third').click();
  await soon(async () => assert.deepEqual(await order(), ['third', 'second']));
  await page.screenshot({ path: join(screenshots, 'queue.png') });
  await code.command('OpdCode: Take Out of Queue');
  await item('second').click();
  await soon(async () => assert.deepEqual(await order(), ['third']));
  await code.command('OpdCode: Take Out of Queue');
  await soon(async () => assert.equal(await queued.count(), 0));
});

async function invoke(name, input, confirm) {
  const answer = join(folder, 'tool.answer.json');
  rmSync(answer, { force: true });
  writeFileSync(join(folder, 'tool.request.json'), JSON.stringify({ name, input }));
  await code.command('Companion: Invoke Tool');
  await confirm?.();
  return soon(() => JSON.parse(readFileSync(answer, 'utf8')));
}

test('chat agents read runs, metrics, tokens and recipes without asking', async () => {
  const runs = await invoke('opdcode_list_runs', {});
  assert.deepEqual(runs.offered.sort(), ['opdcode_get_run_metrics', 'opdcode_get_token_divergence', 'opdcode_list_runs', 'opdcode_start_run', 'opdcode_stop_run', 'opdcode_validate_recipe']);
  assert.ok(JSON.parse(runs.text).runs.some(({ id }) => id === runId));
  assert.ok(JSON.parse((await invoke('opdcode_get_run_metrics', { runId, names: ['loss'] })).text).curves.length > 0);
  assert.equal(JSON.parse((await invoke('opdcode_get_token_divergence', { runId, count: 5 })).text).tokens.length, 5);
  assert.equal(JSON.parse((await invoke('opdcode_validate_recipe', { path: join(folder, 'distill.opd.json') })).text).ok, true);
  // A failure says what to change, in words that a model can use.
  assert.match((await invoke('opdcode_get_run_metrics', { runId: 'nothing' })).text, /OPD\d{4}: /);
});

test('chat agents start and stop runs only when the person agrees', async () => {
  const dialog = page.locator('.monaco-dialog-box');
  const before = readdirSync(join(folder, 'runs')).length;
  const refused = await invoke('opdcode_start_run', { path: join(folder, 'distill.opd.json') }, async () => {
    await dialog.filter({ hasText: /computes on this machine/ }).waitFor();
    await page.screenshot({ path: join(screenshots, 'tool-confirmation.png') });
    await page.keyboard.press('Escape');
  });
  assert.equal(refused.error, 'Canceled');
  assert.equal(readdirSync(join(folder, 'runs')).length, before);
  const { runs } = await ask(folder, 'runs/list', {});
  const active = runs.find(({ name }) => name === 'active');
  const stopped = await invoke('opdcode_stop_run', { runId: active.id }, async () => {
    await dialog.filter({ hasText: /Stop and save the run/ }).waitFor();
    await page.keyboard.press('Enter');
  });
  assert.match(stopped.text, /"state"/);
  await row(/active.+stopped and saved/).waitFor();
});

/** A command without a mouse. */
async function keys(label) {
  await page.keyboard.press('F1');
  await list().locator('input[type=text]').waitFor();
  await page.keyboard.insertText(label);
  await list().locator('.monaco-list-row.focused', { hasText: label }).waitFor();
  await page.keyboard.press('Enter');
}

test('everything is reached without a mouse', async () => {
  await code.command('View: Close All Editors');
  await code.command('Notifications: Clear All Notifications');
  // From the view to the recipe, and its check.
  await keys('OpdCode: Focus on Recipes View');
  await page.locator('.pane-body .monaco-list:focus', { hasText: 'distill.opd.json' }).waitFor();
  await page.keyboard.press('Home');
  // The list marks its row a moment after the key, and takes Enter for its own a moment after that: whoever sees nothing open presses again.
  const marked = page.locator('.pane-body .monaco-list:focus .monaco-list-row.focused', { hasText: 'distill.opd.json' });
  await marked.waitFor();
  await soon(async () => {
    if (await marked.count()) await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'distill.opd.json' }).first().waitFor({ timeout: 2_000 });
  });
  await keys('OpdCode: Validate Recipe');
  await toast(/no problems|warnings/).waitFor();
  await keys('Notifications: Clear All Notifications');
  // From the lists to a sample, its tokens and their table.
  await keys('OpdCode: Show Sample…');
  for (const [title, key] of [['Show a sample of which run?', 'arithmetic'], ['of which step?', ''], ['Show which sample?', '']]) {
    await list().filter({ hasText: title }).waitFor();
    await page.keyboard.insertText(key);
    await list().locator('.monaco-list-row.focused', { hasText: key }).waitFor();
    await page.keyboard.press('Enter');
  }
  await line(/RESPONSE/).waitFor();
  await page.keyboard.press('F8');
  await page.locator('.monaco-hover:visible').filter({ hasText: /student would say/ }).first().waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Alt+F2');
  await line(/^#\d+/).waitFor();
  // The panel: every control comes by itself with Tab.
  await keys('OpdCode: Open Runs');
  const view = code.webview();
  await view.getByRole('searchbox').waitFor();
  const seen = new Set();
  const names = async () => view.locator(':focus').evaluateAll(([element]) => (element ? [element.tagName, element.getAttribute('aria-label') ?? element.textContent ?? '', element.id].join(' ').trim() : ''));
  // The run with curves, by name and with the space bar.
  const tab = async () => {
    await page.keyboard.press('Tab');
    const name = await names();
    seen.add(name);
    return name;
  };
  await soon(async () => assert.match(await tab(), /Filter runs/));
  await page.keyboard.insertText('arithmetic');
  await soon(async () => assert.match(await tab(), /Show curves: arithmetic/));
  if (!(await view.locator(':focus').isChecked())) await page.keyboard.press('Space');
  await view.locator('.chart canvas').first().waitFor();
  // The table was drawn anew, and the keyboard is where it was.
  assert.match(await names(), /Show curves: arithmetic/);
  for (let press = 0; press < 20; press++) await tab();
  const all = [...seen].join('\n');
  for (const wanted of [/INPUT Filter runs/, /SUMMARY Columns/, /BUTTON Export table/, /BUTTON loss/i, /INPUT Show curves: arithmetic/, /BUTTON Pin as baseline: arithmetic/, /smoothing/, /BUTTON Clear selection/, /DIV Loss: \d+ points/, /BUTTON Export SVG: Loss/]) assert.match(all, wanted);
});

test('nothing left the machine', () => {
  assert.deepEqual([...new Set(code.outside)], []);
});
