import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { daemon, extensionHostSeconds, longestStall, makeRun, makeTest, makeWorkspace, removeFolder, root, screenshots, soon, timeToColour } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

// What goes wrong in other windows: no daemon, an untrusted folder, texts that want to be more than text, another language, a thousand runs.
let browser, page, folder;
const test = makeTest(() => page);

before(async () => {
  folder = makeWorkspace();
  browser = await startBrowser({ viewport: { width: 900, height: 900 } });
  page = browser.page;
  page.setDefaultTimeout(30_000);
});
after(async () => {
  await browser?.stop();
  if (folder) removeFolder(folder);
});

/** A run in the folder; made when the first test asks, so that each can be run by itself. */
function aRun() {
  const runs = join(folder, 'runs');
  return (existsSync(runs) ? readdirSync(runs).find((name) => name.startsWith('arithmetic')) : undefined) ?? makeRun(folder);
}

async function withWindow(options, look) {
  const server = await startCodeServer({ vsix: [process.env.VSIX], ...options });
  try {
    const code = new Code(page);
    await code.open(server, folder, { payload: options.payload ?? [] });
    await page.locator('.statusbar-item', { hasText: 'OpdCode' }).waitFor();
    await look(code, server);
  } catch (error) {
    // Before the window is left, else there is nothing to see.
    await page.screenshot({ path: join(screenshots, `FAILED-edges-${Date.now()}.png`) });
    throw error;
  } finally {
    await page.goto('about:blank');
    await server.stop();
  }
}

test('without a daemon the window says so, and leads to the set-up', async () => {
  await withWindow({}, async (code) => {
    await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
    await page.locator('.welcome-view', { hasText: 'daemon is not running' }).getByRole('button', { name: 'Set Up Daemon…' }).waitFor();
    await page.screenshot({ path: join(screenshots, 'no-daemon.png') });
    await code.command('OpdCode: Show Machine');
    const toast = page.locator('.notification-toast', { hasText: 'not found' });
    await toast.getByRole('button', { name: 'Set Up Daemon…' }).click();
    await page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: 'Choose the executable' }).waitFor();
    await page.screenshot({ path: join(screenshots, 'set-up.png') });
    await page.keyboard.press('Escape');
  });
});

test('activation takes under 150 ms of the extension host', async () => {
  await withWindow({ machineSettings: { 'opdcode.daemon.path': daemon } }, async (_, server) => {
    const logs = join(server.user, 'logs');
    await soon(() => {
      const log = readdirSync(logs, { recursive: true }).map(String).find((name) => name.endsWith('OpdCode.log'));
      const said = /activated in (\d+) ms, (\d+) ms of processor time/.exec(readFileSync(join(logs, log), 'utf8'));
      console.log(`# activated in ${said[1]} ms, ${said[2]} ms of processor time`);
      // Processor time: others may use the machine meanwhile.
      assert.ok(Number(said[2]) < 150, said[0]);
    });
  });
});

test('in an untrusted folder recipes are read and checked, and nothing of the folder is started', async () => {
  mkdirSync(join(folder, '.vscode'), { recursive: true });
  const trap = join(folder, 'trap.sh');
  writeFileSync(trap, `#!/bin/sh\ntouch "${join(folder, 'TRAPPED')}"\n`, { mode: 0o755 });
  writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify({ 'opdcode.daemon.path': trap }));
  await withWindow({ machineSettings: { 'opdcode.daemon.path': daemon }, settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' }, noTrustFlag: true }, async (code) => {
    await code.quickOpen('distill.opd.json');
    await page.locator('.monaco-editor .codelens-decoration', { hasText: 'Preflight' }).first().waitFor();
    await code.command('OpdCode: Validate Recipe');
    await page.locator('.notification-toast', { hasText: /no problems|warnings/ }).first().waitFor();
    await page.screenshot({ path: join(screenshots, 'restricted.png') });
    await code.command('OpdCode: Start Run');
    await page.locator('.notification-toast', { hasText: /trust/i }).first().waitFor();
    assert.ok(!readdirSync(folder).includes('TRAPPED'));
    assert.ok(!readdirSync(folder).includes('runs'));
  });
  writeFileSync(join(folder, '.vscode', 'settings.json'), '{}');
});

test('texts full of markup, links, commands and control characters are shown as text', async () => {
  const runId = aRun();
  const file = join(folder, 'runs', runId, 'rollouts', readdirSync(join(folder, 'runs', runId, 'rollouts')).at(-1));
  const hostile = '<img src=x onerror=alert(1)> [click](command:workbench.action.closeWindow) $(zap) `|` \u202Egnp.exe \u001b[31mred\u001b[0m \u0000 http://example.com';
  const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const victim = lines[0];
  // The same number of tokens, other texts: what a tokenizer of the worst kind would give.
  victim.tokenTexts[0] = hostile;
  victim.studentTopTexts[0][0] = hostile;
  victim.teacherTopTexts[0][0] = hostile;
  victim.response = victim.tokenTexts.join('');
  let at = 0;
  victim.charStart = victim.tokenTexts.map((text) => (at += text.length) - text.length);
  victim.charEnd = victim.tokenTexts.map((text, token) => victim.charStart[token] + text.length);
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
  await withWindow({ machineSettings: { 'opdcode.daemon.path': daemon } }, async (code) => {
    await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
    await page.locator('.pane-body .monaco-list-row', { hasText: 'Step 6' }).first().click();
    await page.locator('.pane-body .monaco-list-row', { hasText: /img src/ }).first().click();
    const line = page.locator('.monaco-editor .view-line', { hasText: /<img/ }).first();
    await line.waitFor();
    await line.click({ position: { x: 30, y: 8 } });
    await code.command('Show or Focus Hover');
    const hover = page.locator('.monaco-hover:visible', { hasText: /token 1 of/ }).first();
    await hover.waitFor();
    assert.match(await hover.innerText(), /<img·src=x·onerror=alert\(1\)>/);
    assert.equal(await hover.locator('img, a[href^="command"], a[data-href^="command"], .codicon-zap').count(), 0);
    await page.screenshot({ path: join(screenshots, 'hostile.png') });
  });
});

/** A rollout like another one, but of so many tokens. */
function longRollout(short, tokens, index, letter) {
  const long = { ...short, index, tokenTexts: Array.from({ length: tokens }, (_, token) => (token % 12 === 11 ? '\n' : ` ${letter}${token % 97}`)) };
  long.response = long.tokenTexts.join('');
  let at = 0;
  long.charStart = long.tokenTexts.map((text) => (at += text.length) - text.length);
  long.charEnd = long.tokenTexts.map((text, token) => long.charStart[token] + text.length);
  for (const [name, value] of Object.entries(short)) {
    if (name === 'tokenTexts' || name === 'charStart' || name === 'charEnd' || !Array.isArray(value)) continue;
    long[name] = Array.from({ length: tokens }, (_, token) => value[token % value.length]);
  }
  return long;
}

// Times are printed and not asserted: they are those of this machine at this moment.
test('long texts are coloured where one looks, and another metric is quick', async () => {
  const folderOfRun = join(folder, 'runs', aRun(), 'rollouts');
  const file = join(folderOfRun, readdirSync(folderOfRun).at(-1));
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const short = JSON.parse(lines.find((line) => !line.includes('<img')));
  const added = [longRollout(short, 4096, 8, 'v'), longRollout(short, 32_768, 9, 'w')];
  writeFileSync(file, `${[...lines, ...added.map((rollout) => JSON.stringify(rollout))].join('\n')}\n`);
  await withWindow({ machineSettings: { 'opdcode.daemon.path': daemon } }, async (code) => {
    await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
    const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
    const metric = async (name) => {
      await code.command('OpdCode: Change Heatmap Metric…');
      const picker = page.locator('.quick-input-widget:visible');
      await picker.locator('input[type=text]').fill(name);
      await picker.locator('.monaco-list-row.focused', { hasText: name }).waitFor();
      return timeToColour(page, () => page.keyboard.press('Enter'));
    };
    await row('Step 6').click();
    // What is first opened in a window also starts the parts of VS Code that it needs.
    await row(/\d tokens/).click();
    await page.locator('.monaco-editor .view-line', { hasText: /RESPONSE/ }).first().waitFor();
    await row(/v0 v1/).waitFor();
    console.log(`# 4,096 tokens coloured after ${await timeToColour(page, () => row(/v0 v1/).click())} ms (aim: 300)`);
    console.log(`# 4,096 tokens by another metric after ${await metric('Student entropy')} ms (aim: 100)`);
    await metric('Log-ratio');
    console.log(`# 32,768 tokens coloured after ${await timeToColour(page, () => row(/w0 w1/).click())} ms (aim: 1000)`);
    // The other columns come meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    console.log(`# 32,768 tokens by another metric after ${await metric('Student entropy')} ms (aim: 100)`);
    console.log(`# 32,768 tokens by a third metric after ${await metric('Divergence')} ms (aim: 100)`);
    await metric('Log-ratio');
    await page.locator('.monaco-editor .view-line', { hasText: /w/ }).first().hover();
    const { frame, script } = await longestStall(page, async () => {
      for (let turn = 0; turn < 40; turn++) {
        await page.mouse.wheel(0, 400);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    });
    console.log(`# scrolling 32,768 tokens: longest time without a frame ${frame} ms, longest script ${script} ms (aim: 50; 0 is below it)`);
    await page.mouse.click(600, 500);
    await page.keyboard.press('Control+End');
    const boxes = page.locator('.monaco-editor .view-overlays .cdr[class*="ced-"]');
    await soon(async () => assert.ok((await boxes.count()) > 20));
    await page.screenshot({ path: join(screenshots, 'long.png') });
  });
});

test('a run that tells ten times a second how far it is costs little', async () => {
  const fake = join(root, 'extension', 'test', 'fixtures', 'fakeDaemon.mjs');
  await withWindow({ machineSettings: { 'opdcode.daemon.path': fake, 'opdcode.daemon.extraEnv': { FAKE_MODE: 'live' } } }, async (code, server) => {
    await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
    await page.locator('.statusbar-item', { hasText: /OpdCode \d+\/100000/ }).waitFor();
    await code.command('OpdCode: Open Runs');
    await code.webview().locator('.chart canvas').nth(10).waitFor();
    const share = async () => {
      const [before, begun] = [extensionHostSeconds(server), performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      return ((extensionHostSeconds(server) - before) / (performance.now() - begun)) * 100_000;
    };
    // The window is still busy with its own start.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    const live = await share();
    await page.screenshot({ path: join(screenshots, 'live.png') });
    await code.webview().getByRole('button', { name: 'Pause' }).first().click();
    await page.locator('.statusbar-item .codicon-debug-pause').waitFor();
    const paused = await share();
    console.log(`# a live run with ten updates a second: ${(live - paused).toFixed(1)} % of one core in the extension host (aim: 3): ${live.toFixed(1)} %, and ${paused.toFixed(1)} % while it is paused`);
  });
});

test('in another language nothing is left untranslated', async () => {
  const runId = aRun();
  await withWindow({ locale: 'qps-ploc', machineSettings: { 'opdcode.daemon.path': daemon } }, async (code) => {
    const translated = (text) => /^\W*⟦[\s\S]*⟧\W*$/.test(text.trim());
    const untranslated = (texts) => texts.map((text) => text.trim()).filter((text) => text !== '' && !translated(text));
    await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
    await page.locator('.pane-body .monaco-list-row', { hasText: /çömplétéd/ }).first().waitFor();
    const views = await page.locator('.pane-header .title').allInnerTexts();
    assert.deepEqual(untranslated(views.filter((title) => title !== '')), []);
    // Every command that is ours.
    const manifest = JSON.parse(readFileSync(join(root, 'extension', 'package.json'), 'utf8'));
    const input = page.locator('.quick-input-widget:visible input[type=text]');
    await soon(async () => {
      await page.keyboard.press('F1');
      await input.waitFor({ timeout: 1500 });
    });
    await input.fill('>OpdCode: ');
    // Below each title VS Code shows the English one.
    const rows = page.locator('.quick-input-widget:visible .monaco-list-row');
    await soon(async () => assert.ok((await rows.count()) > 5));
    const commands = (await rows.evaluateAll((all) => all.map((row) => row.querySelector('.label-name').textContent.replaceAll('\u00a0', ' ')))).filter((text) => text.startsWith('OpdCode: ')).map((text) => text.slice(9));
    assert.ok(commands.length > 5 && manifest.contributes.commands.length > 50);
    assert.deepEqual(untranslated(commands).filter((text) => !/Focus on|Show OpdCode/.test(text)), []);
    await page.keyboard.press('Escape');
    // A sample: headings, legend, buttons above it, and what the daemon says about the metric.
    await page.locator('.pane-body .monaco-list-row', { hasText: /⟦Stép 6/ }).first().click();
    await page.locator('.pane-body .monaco-list-row', { hasText: /tökéñš/ }).first().click();
    await page.locator('.monaco-editor .view-line', { hasText: /⟦RÉSPÖ/ }).first().waitFor();
    const lenses = page.locator('.monaco-editor .codelens-decoration');
    await lenses.filter({ hasText: /⟦fîxéd/ }).first().waitFor();
    const actions = await lenses.first().locator('a').allInnerTexts();
    assert.deepEqual(untranslated(actions), []);
    const legend = (await lenses.allInnerTexts()).join(' ');
    assert.match(legend, /⟦Lög-ràtîö.*⟧ \[⟦ñàtš.*⟦pöšîtîvé/);
    assert.doesNotMatch(legend, /Log-ratio|nats|student|positive|scale/);
    await page.screenshot({ path: join(screenshots, 'pseudo-sample.png') });
    // The panel.
    await page.locator('.pane-body .monaco-list-row', { hasText: /çömplétéd/ }).first().click();
    const view = code.webview();
    await view.locator('.chart canvas').first().waitFor();
    const said = await view.locator('button.verb, .bar button, .bar label, .bar summary, .bar output, .count, .tag, td.state span').allInnerTexts();
    assert.ok(said.length >= 8);
    assert.deepEqual(untranslated(said.map((text) => text.replace(/^\d+ /, ''))), []);
    const described = await view.locator('[aria-label]').evaluateAll((elements) => elements.map((element) => element.getAttribute('aria-label')));
    assert.deepEqual(described.filter((text) => !text.includes('⟦')), []);
    const columns = await view.locator('thead th button').allInnerTexts();
    assert.deepEqual(untranslated(columns), []);
    assert.deepEqual(untranslated(await view.locator('.chart h2').allInnerTexts()), []);
    await page.screenshot({ path: join(screenshots, 'pseudo-runs.png') });
    // A recipe, its lenses and what a check says.
    await code.quickOpen('distill.opd.json');
    await lenses.filter({ hasText: /⟦Rûñ/ }).first().waitFor();
    const offered = await lenses.first().locator('a').allInnerTexts();
    assert.deepEqual(untranslated(offered).filter((text) => !/^fits/.test(text)), []);
    assert.ok(runId);
  });
});

test('a workspace of a thousand runs opens as fast as a small one', async () => {
  const runs = join(folder, 'runs');
  const one = aRun();
  for (let run = 0; run < 1000; run++) {
    const copy = join(runs, `copy-${String(run).padStart(4, '0')}`);
    mkdirSync(copy);
    for (const file of ['recipe.json', 'events.jsonl', 'metrics.jsonl', 'metrics.labels.json']) cpSync(join(runs, one, file), join(copy, file));
  }
  await withWindow({ machineSettings: { 'opdcode.daemon.path': daemon } }, async (code) => {
    const start = Date.now();
    await code.command('OpdCode: Open Runs');
    const view = code.webview();
    await view.locator('.count', { hasText: '1001 of 1001' }).waitFor();
    console.log(`# 1001 runs in the table after ${Date.now() - start} ms`);
    await view.getByRole('searchbox').fill('copy-0999');
    await soon(async () => assert.equal(await view.locator(".table tbody tr").count(), 1));
    await page.screenshot({ path: join(screenshots, 'thousand-runs.png') });
  });
});
