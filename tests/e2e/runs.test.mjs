import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { ask, axeViolations, daemon, daemonsIn, makeRun, makeTest, makeWorkspace, removeFolder, screenshots, soon } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

let server, browser, page, code, folder, first;
const test = makeTest(() => page);

before(async () => {
  folder = makeWorkspace();
  first = makeRun(folder);
  server = await startCodeServer({ vsix: [process.env.VSIX], machineSettings: { 'opdcode.daemon.path': daemon } });
  browser = await startBrowser({ viewport: { width: 1600, height: 1000 } });
  page = browser.page;
  page.setDefaultTimeout(30_000);
  code = new Code(page);
  await code.open(server, folder);
  await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
});
after(async () => {
  // A run outlives its window: end what is still active before the folder goes.
  if (folder) {
    const { runs } = await ask(folder, 'runs/list', {});
    for (const run of runs.filter(({ state }) => ['starting', 'running', 'pausing', 'paused', 'queued'].includes(state))) await ask(folder, 'runs/abort', { runId: run.id }).catch(() => undefined);
  }
  await browser?.stop();
  await server?.stop();
  if (folder) removeFolder(folder);
});

const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text });
const active = () => row(/· (running|paused|pausing|starting|stopping)/).first();
const folders = () => readdirSync(join(folder, 'runs')).filter((name) => !name.startsWith('.') && name !== first);

test('the finished run stands in the tree and in the table, with its curves', async () => {
  await row(/completed · \d+ %/).first().click();
  const view = code.webview();
  await view.locator('tbody tr').first().waitFor();
  await view.locator('.chart[data-metric="loss"] canvas').waitFor();
  assert.match(await view.locator('.chart[data-metric="loss"] .about').innerText(), /KL\(student/);
  const labels = await view.locator('.plot').evaluateAll((plots) => plots.map((plot) => plot.getAttribute('aria-label')));
  assert.ok(labels.length >= 8 && labels.every((label) => /points from step/.test(label)), labels.join('\n'));
  await page.screenshot({ path: join(screenshots, 'runs.png') });
});

test('the panel has no accessibility violations', async () => {
  assert.deepEqual(await axeViolations(code.webview()), []);
});

test('the values can be read as a table', async () => {
  const view = code.webview();
  await view.getByLabel('Values as tables').check();
  await view.locator('.values tbody tr').first().waitFor();
  assert.equal(await view.locator('.values tbody tr').count(), 7);
  await page.screenshot({ path: join(screenshots, 'runs-values.png') });
  assert.deepEqual(await axeViolations(view), []);
  await view.getByLabel('Values as tables').uncheck();
  await view.locator('.chart canvas').first().waitFor();
});

test('a run is started from its recipe and can be watched', async () => {
  await code.quickOpen('distill.opd.json');
  await page.locator('.monaco-editor .codelens-decoration', { hasText: 'Run' }).getByText('Run', { exact: false }).first().click();
  await active().waitFor();
  await page.locator('.statusbar-item', { hasText: /OpdCode \d+\/800/ }).waitFor();
  await code.webview().locator('tbody tr', { hasText: /running|starting/ }).first().waitFor();
  await soon(async () => assert.match(await page.locator('.statusbar-item', { hasText: /OpdCode \d+\/800/ }).innerText(), /OpdCode ([5-9]|\d\d+)\/800/), 60_000);
  await page.screenshot({ path: join(screenshots, 'runs-live.png') });
});

test('it is paused, is still paused after the window was reloaded, and goes on', async () => {
  await code.command('OpdCode: Pause Run');
  await row(/· paused/).first().waitFor();
  await code.command('Developer: Reload Window');
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
  await row(/· paused/).first().waitFor();
  await code.webview().locator('tbody tr', { hasText: /paused/ }).first().waitFor();
  await code.command('OpdCode: Resume Run');
  await row(/· running/).first().waitFor();
});

test('a worker that is killed is an interrupted run, with the reason and the way on', async () => {
  let worker;
  await soon(async () => {
    const { runs } = await ask(folder, 'runs/list', {});
    worker = runs.find(({ state }) => state === 'running')?.workerProcess;
    assert.ok(worker); // the window may know of the worker a moment before its heartbeat is on disk
  });
  process.kill(worker, 'SIGKILL');
  await row(/· (interrupted|failed)/).first().waitFor();
  const toast = page.locator('.notification-toast', { hasText: /ended at step/ });
  await toast.first().waitFor();
  await page.screenshot({ path: join(screenshots, 'runs-killed.png') });
  await toast.first().getByRole('button', { name: 'Resume Run' }).click();
  await row(/· running/).first().waitFor();
});

test('a daemon that is killed is told, and the run is found again', async () => {
  const state = page.locator('.statusbar-item', { hasText: 'OpdCode' }).first();
  const mine = daemonsIn(folder);
  assert.ok(mine.length > 0);
  for (const id of mine) process.kill(id, 'SIGKILL');
  await soon(async () => assert.match(await state.getAttribute('class'), /error/));
  await page.screenshot({ path: join(screenshots, 'daemon-killed.png') });
  await code.command('OpdCode: Restart Daemon');
  await row(/· running/).first().waitFor();
});

test('stop and save ends it with a checkpoint', async () => {
  await code.command('OpdCode: Stop and Save Run');
  await row(/stopped and saved/).first().waitFor();
  const [name] = folders();
  assert.ok(readdirSync(join(folder, 'runs', name, 'checkpoints')).some((entry) => entry.startsWith('checkpoint-')));
  await page.screenshot({ path: join(screenshots, 'runs-stopped.png') });
});

test('nothing left the machine', () => {
  assert.deepEqual([...new Set(code.outside)], []);
  assert.deepEqual(code.csp, []);
});
