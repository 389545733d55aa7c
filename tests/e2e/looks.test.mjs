import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { ask, axeViolations, chooseTheme, daemon, makeRun, makeTest, makeWorkspace, removeFolder, screenshots, soon, themes } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

// How everything looks: each view in every kind of theme, on a small screen and on a large one. The pictures are for
// eyes; what a program can see of them (contrast, names, things that are cut off) is asserted.
let server, browser, page, code, folder, withCheckpoints;
const test = makeTest(() => page);
const widths = [900, 1600];

before(async () => {
  folder = makeWorkspace();
  withCheckpoints = makeRun(folder, 'checkpoint.every=3');
  makeRun(folder, 'optimizer.learningRate=0.004');
  writeFileSync(join(folder, 'notes.txt'), '3+4=7, 8+4=12: 127');
  server = await startCodeServer({ vsix: [process.env.VSIX], machineSettings: { 'opdcode.daemon.path': daemon } });
  browser = await startBrowser({ viewport: { width: 1600, height: 1000 } });
  page = browser.page;
  page.setDefaultTimeout(30_000);
  code = new Code(page);
  await code.open(server, folder);
  await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
  await row('completed').waitFor();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
  if (folder) removeFolder(folder);
});

const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
const pick = (name) => page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: name }).first().click();

/** A picture in every theme and width. */
async function look(name, view) {
  for (const [theme, kind] of themes) {
    await chooseTheme(code, theme);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 1000 });
      // What follows the width does so a frame or two later.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 350)));
      await page.screenshot({ path: join(screenshots, `look-${name}-${kind}-${width}.png`) });
      if (view) assert.deepEqual(await overflowing(view), [], `${kind}, ${width} px`);
    }
    if (view) assert.deepEqual(await axeViolations(view), [], kind);
  }
  await chooseTheme(code, themes[0][0]);
}

/** Text of a webview that is wider than the page, or cut off without a sign of it. */
function overflowing(view) {
  return view.locator('body').evaluate((body) => {
    const found = [];
    if (body.scrollWidth > document.documentElement.clientWidth) found.push(`the page is ${body.scrollWidth} wide, its window ${document.documentElement.clientWidth}`);
    for (const element of body.querySelectorAll('button, label, h1, h2, p, summary')) {
      if (element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1) found.push(`${element.tagName} ${element.textContent}`);
    }
    return found;
  });
}

test('the table and the curves of two runs, with a baseline and the differences to it', async () => {
  await code.command('OpdCode: Open Runs');
  const view = code.webview();
  await view.locator('tbody tr').nth(1).waitFor();
  for (const box of await view.locator('tbody tr input[type=checkbox]').all()) await box.check();
  await view.getByRole('button', { name: /Pin as baseline/ }).last().click();
  await view.locator('thead', { hasText: 'Δ Loss' }).waitFor();
  const [first, second] = await view.locator('tbody tr').all();
  assert.match(await first.getAttribute('class'), /baseline/);
  const column = await view.locator('thead th').evaluateAll((cells) => cells.findIndex((cell) => cell.textContent.trim() === 'Δ Loss'));
  const cell = (line, at) => line.locator('th, td').nth(at).innerText();
  assert.equal(await cell(first, column), '0');
  const [loss, baseline, difference] = await Promise.all([cell(second, column - 1), cell(first, column - 1), cell(second, column)]);
  assert.match(difference, /^[+−]/);
  assert.ok(Math.abs(Number(loss) - Number(baseline) - Number(difference.replace('−', '-'))) < 0.002, `${loss} − ${baseline} = ${difference}`);
  await view.locator('.chart[data-metric="loss"] canvas').waitFor();
  await look('runs', view);
});

test('a sample with the panel that moves stabilizers', async () => {
  await code.command('View: Close All Editors');
  await row('Step 6').click();
  await row(/tokens/).click();
  await page.locator('.monaco-editor .view-line', { hasText: /RESPONSE/ }).first().waitFor();
  await code.command('OpdCode: What If…');
  const view = code.webview();
  await view.locator('textarea').fill('[{ "kind": "entropy-gate", "gamma": 1 }]');
  await view.locator('input[type=range]').first().waitFor();
  await look('what-if', view);
});

test('one text judged by two teachers', async () => {
  await code.command('View: Close All Editors');
  await code.quickOpen('notes.txt');
  await code.command('OpdCode: Compare Two Teachers on Selection…');
  for (const [title, model] of [['Student: the model', 'student'], ['Teacher: the model', 'teacher'], ['The teacher to compare with', 'student']]) {
    await page.locator('.quick-input-widget:visible', { hasText: title }).waitFor();
    await pick(model);
  }
  await page.locator('.quick-input-widget:visible', { hasText: 'What was the prompt' }).waitFor();
  await page.locator('.quick-input-widget:visible input[type=text]').fill('83+53');
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: /student judged by student/ }).first().waitFor();
  await page.getByRole('tab', { name: /student judged by teacher/ }).first().waitFor();
  const lines = page.locator('.monaco-editor .view-line', { hasText: /3\+4=7/ });
  await soon(async () => assert.equal(await lines.count(), 2));
  // A model agrees with itself, and here the teacher does not.
  const boxes = (at) => page.locator('.editor-instance').nth(at).locator('.view-overlays .cdr[class*="ced-"]').count();
  await soon(async () => assert.deepEqual([(await boxes(0)) > 0, await boxes(1)], [true, 0]));
  await look('compare');
});

test('one text as two checkpoints of the student would have written it, judged by one teacher', async () => {
  await code.command('View: Close All Editors');
  await code.quickOpen('notes.txt');
  await code.command('OpdCode: Compare Two Students on Selection…');
  for (const [title, model] of [['Student: the model', 'step 3'], ['Teacher: the model', 'teacher'], ['The student (or checkpoint) to compare with', 'arithmetic, step 6']]) {
    await page.locator('.quick-input-widget:visible', { hasText: title }).waitFor();
    // Of the two runs this one was started first, so it is last.
    await page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: model }).last().click();
  }
  await page.locator('.quick-input-widget:visible', { hasText: 'What was the prompt' }).waitFor();
  await page.locator('.quick-input-widget:visible input[type=text]').fill('83+53');
  await page.keyboard.press('Enter');
  for (const [at, step] of [3, 6].entries()) {
    await page.getByRole('tab', { name: `checkpoint ${step} of ${withCheckpoints} judged by teacher` }).first().waitFor();
    const student = join(folder, 'runs', withCheckpoints, 'checkpoints', `checkpoint-${step}`);
    const { columns, mask, starts, ends } = await ask(folder, 'score', { student, teacher: join(folder, 'teacher'), prompt: '83+53', text: '3+4=7, 8+4=12: 127', applyTemplate: true });
    const { levels } = columns.find(({ name }) => name === 'logRatio');
    const shown = (token) => (mask[token] === 0 || ends[token] === starts[token] ? 0 : levels[token]);
    // Neighbours that look alike are drawn as one.
    const wanted = levels.filter((_, token) => shown(token) !== 0 && shown(token - 1) !== shown(token)).length;
    const boxes = page.locator('.editor-instance').nth(at).locator('.view-overlays .cdr[class*="ced-"]');
    await soon(async () => assert.equal((await boxes.evaluateAll((all) => all.filter((box) => getComputedStyle(box).borderBottomStyle !== 'none'))).length, wanted));
  }
  await look('compare-checkpoints');
});

test('the token table', async () => {
  await code.command('View: Close All Editors');
  await row(/tokens/).click();
  await page.locator('.monaco-editor .view-line', { hasText: /RESPONSE/ }).first().waitFor();
  await code.command('OpdCode: Show Token Table');
  await page.getByRole('tab', { name: /opd-tokens/ }).first().waitFor();
  await page.locator('.monaco-editor .view-line', { hasText: /^#\d+/ }).first().waitFor();
  await look('token-table');
});

test('the walkthrough, with its pictures', async () => {
  await code.command('View: Close All Editors');
  await soon(async () => {
    await code.command('OpdCode: Open Walkthrough');
    await page.locator('.getting-started-step:visible', { hasText: 'Check the machine' }).first().waitFor({ timeout: 3000 });
  }, 40_000);
  await look('walkthrough');
});
