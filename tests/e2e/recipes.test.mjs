import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { daemon, makeTest, makeWorkspace, removeFolder, screenshots, soon } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

let server, browser, page, code, folder;
const test = makeTest(() => page);

before(async () => {
  folder = makeWorkspace();
  const recipe = readFileSync(join(folder, 'distill.opd.json'), 'utf8');
  writeFileSync(join(folder, 'wrong.opd.json'), recipe.replace('"divergence": "reverse-kl"', '"divergence": "revers-kl"').replace('"steps": 800', '"stesp": 800'));
  server = await startCodeServer({ vsix: [process.env.VSIX], machineSettings: { 'opdcode.daemon.path': daemon } });
  browser = await startBrowser();
  page = browser.page;
  page.setDefaultTimeout(20_000);
  code = new Code(page);
  await code.open(server, folder);
  await page.locator('.statusbar-item', { hasText: 'OpdCode' }).waitFor();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
  if (folder) removeFolder(folder);
});

const lens = (text) => page.locator('.monaco-editor .codelens-decoration', { hasText: text }).first();

test('a recipe shows what can be done with it, and whether it fits the memory', async () => {
  await code.quickOpen('distill.opd.json');
  await lens('Run').waitFor();
  await lens(/fits.+of.+GB/).waitFor();
  await page.screenshot({ path: join(screenshots, 'recipe-lenses.png') });
});

test('wrong settings are underlined with their codes, and a quick fix cures them', async () => {
  await code.quickOpen('wrong.opd.json');
  await code.command('Problems: Focus on Problems View');
  const problems = page.locator('.markers-panel .monaco-list-row');
  await problems.filter({ hasText: /revers-kl/ }).filter({ hasText: /OPD\d{4}/ }).first().waitFor();
  await problems.filter({ hasText: /stesp/ }).filter({ hasText: /OPD1003/ }).first().waitFor();
  // Each once: the editor's own JSON support offers and explains, and leaves the judging to the daemon.
  await soon(async () => assert.equal(await problems.filter({ hasText: /revers-kl|stesp/ }).count(), 2));
  assert.equal(await problems.filter({ hasText: /not accepted|not allowed/ }).count(), 0);
  await page.screenshot({ path: join(screenshots, 'recipe-problems.png') });
  await problems.filter({ hasText: /stesp/ }).filter({ hasText: /OPD1003/ }).first().dblclick({ position: { x: 80, y: 8 } });
  await page.locator('.statusbar-item', { hasText: /^Ln 10/ }).waitFor();
  await page.locator('.monaco-editor .view-line', { hasText: /stesp/ }).first().click({ position: { x: 40, y: 8 } });
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget .monaco-list-row').first().waitFor();
  await page.screenshot({ path: join(screenshots, 'recipe-quick-fix.png') });
  const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'steps' }).first();
  await fix.click();
  await page.locator('.monaco-editor .view-line', { hasText: /"steps".+800/ }).first().waitFor();
  await soon(async () => assert.equal(await problems.filter({ hasText: /stesp/ }).count(), 0));
});

test('a code opens its page', async () => {
  await code.command('OpdCode: Explain Error Code…');
  await page.locator('.quick-input-widget:visible input[type=text]').fill('OPD1101');
  await page.keyboard.press('Enter');
  await code.webview().locator('h1', { hasText: 'OPD1101' }).waitFor();
  await page.screenshot({ path: join(screenshots, 'code-page.png') });
  await code.command('View: Close All Editors');
});

test('the resolved recipe stands beside, with the origin of every value', async () => {
  await code.quickOpen('distill.opd.json');
  await code.command('OpdCode: Show Resolved Recipe');
  await page.getByRole('tab', { name: /resolved/ }).first().waitFor();
  await page.locator('.monaco-editor .view-line', { hasText: /default/ }).first().waitFor();
  await page.screenshot({ path: join(screenshots, 'recipe-resolved.png') });
  await code.command('View: Close All Editors');
});

test('a new recipe is made from a method that is chosen by what it does', async () => {
  await code.command('OpdCode: New Recipe…');
  const rows = page.locator('.quick-input-widget:visible .monaco-list-row');
  await rows.filter({ hasText: 'Plain on-policy distillation' }).first().waitFor();
  assert.ok((await rows.count()) > 3);
  await page.screenshot({ path: join(screenshots, 'recipe-new.png') });
  await page.keyboard.press('Escape');
});
