import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { axeViolations, daemon, makeRun, makeTest, makeWorkspace, removeFolder, screenshots, soon } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

let server, browser, page, code, folder;
const test = makeTest(() => page);

before(async () => {
  folder = makeWorkspace();
  makeRun(folder);
  writeFileSync(join(folder, 'notes.txt'), '3+4=7, 8+4=12: 127');
  // The recipe of the run, as a person wrote it: the what-if panel writes into it.
  server = await startCodeServer({ vsix: [process.env.VSIX], machineSettings: { 'opdcode.daemon.path': daemon } });
  browser = await startBrowser();
  page = browser.page;
  page.setDefaultTimeout(30_000);
  code = new Code(page);
  await code.open(server, folder);
  await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
  await page.locator('.pane-body .monaco-list-row', { hasText: 'completed' }).first().waitFor();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
  if (folder) removeFolder(folder);
});

const input = () => page.locator('.quick-input-widget:visible input[type=text]');
async function pick(name) {
  await page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: name }).first().click();
}
const coloured = () => page.locator('.monaco-editor .view-overlays .cdr[class*="ced-"]');

test('any text is judged by two models that are chosen', async () => {
  await code.quickOpen('notes.txt');
  await code.command('OpdCode: Score Selection…');
  await page.locator('.quick-input-widget:visible', { hasText: 'Student: the model' }).waitFor();
  await pick('student');
  await page.locator('.quick-input-widget:visible', { hasText: 'Teacher: the model' }).waitFor();
  await pick('teacher');
  await page.locator('.quick-input-widget:visible', { hasText: 'What was the prompt' }).waitFor();
  await input().fill('83+53');
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: /student judged by teacher/ }).first().waitFor();
  await page.locator('.monaco-editor .view-line', { hasText: /3\+4=7/ }).first().waitFor();
  await soon(async () => assert.ok((await coloured().count()) > 0));
  await page.screenshot({ path: join(screenshots, 'score.png') });
});

test('a model goes on from the cursor, and the difference is shown', async () => {
  const line = page.locator('.monaco-editor .view-line', { hasText: /3\+4=7/ }).first();
  await line.click({ position: { x: 20, y: 8 } });
  await code.command('OpdCode: What Would a Model Say Here?');
  await page.locator('.quick-input-widget:visible', { hasText: 'Which model goes on' }).waitFor();
  await pick('teacher');
  await page.getByRole('tab', { name: /As written ↔ as teacher goes on/ }).first().waitFor();
  await page.locator('.monaco-diff-editor').first().waitFor();
  await page.screenshot({ path: join(screenshots, 'continue.png') });
  await code.command('View: Close All Editors');
});

test('what other stabilizers would have done recolours the text and is written into the recipe', async () => {
  await page.locator('.pane-body .monaco-list-row', { hasText: 'Step 6' }).first().click();
  await page.locator('.pane-body .monaco-list-row', { hasText: /tokens/ }).first().click();
  await page.locator('.monaco-editor .view-line', { hasText: /RESPONSE/ }).first().waitFor();
  await code.command('OpdCode: What If…');
  const view = code.webview();
  await view.locator('textarea').waitFor();
  await view.locator('textarea').fill('[{ "kind": "entropy-gate", "gamma": 1 }]');
  const slider = view.locator('input[type=range]').first();
  await slider.waitFor();
  await soon(async () => assert.ok((await view.locator('.notes li').count()) > 0));
  await page.locator('.monaco-editor .codelens-decoration', { hasText: /[Ww]eight/ }).first().waitFor();
  await slider.focus();
  const shown = await view.locator('output').first().innerText();
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
  await soon(async () => assert.notEqual(await view.locator('output').first().innerText(), shown));
  await page.screenshot({ path: join(screenshots, 'what-if.png') });
  assert.deepEqual(await axeViolations(view), []);
  await view.getByRole('button', { name: 'Write into the Recipe' }).click();
  await page.getByRole('tab', { name: 'distill.opd.json' }).first().waitFor();
  await page.locator('.monaco-editor .view-line', { hasText: /entropy-gate/ }).first().waitFor();
  await code.command('File: Save');
  await soon(() => assert.match(readFileSync(join(folder, 'distill.opd.json'), 'utf8'), /entropy-gate/));
});

test('the walkthrough has five steps, each with a picture', async () => {
  await code.command('View: Close All Editors');
  // VS Code learns of walkthroughs some seconds after it was first asked for one.
  await soon(async () => {
    await code.command('OpdCode: Open Walkthrough');
    await page.locator('.getting-started-step:visible', { hasText: 'Check the machine' }).first().waitFor({ timeout: 3000 });
  }, 40_000);
  assert.equal(await page.locator('.getting-started-step:visible').count(), 5);
  await page.screenshot({ path: join(screenshots, 'walkthrough.png') });
});

test('a report gathers versions and log lines, and no texts of models', async () => {
  await code.command('View: Close All Editors');
  await code.command('OpdCode: Report Issue…');
  const lines = page.locator('.monaco-editor .view-line');
  await lines.filter({ hasText: /OpdCode.report/ }).first().waitFor();
  const text = (await lines.allInnerTexts()).join('\n').replaceAll('\u00a0', ' ');
  assert.match(text, /extension \d+\.\d+\.\d+, VS Code 1\./);
  assert.match(text, /libtorch/);
  assert.doesNotMatch(text, /3\+4=7|83\+53/);
  await page.screenshot({ path: join(screenshots, 'report-issue.png') });
});

test('nothing left the machine', () => {
  assert.deepEqual([...new Set(code.outside)], []);
});
