import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { accentColourId, borderStyles, contributedColours, fillColourId } from '../../extension/src/ui/palette.ts';
import { ask, chooseTheme, daemon, makeRun, makeTest, makeWorkspace, removeFolder, screenshots, soon, themes } from './fixture.mjs';
import { Code, startBrowser, startCodeServer } from './harness.mjs';

let server, browser, page, code, folder, runId, feedback;
const test = makeTest(() => page);
const palette = contributedColours();
const step = 6;
const index = 1;

before(async () => {
  folder = makeWorkspace();
  runId = makeRun(folder);
  feedback = await ask(folder, 'rollouts/get', { runId, step, index, alternatives: true });
  server = await startCodeServer({ vsix: [process.env.VSIX], machineSettings: { 'opdcode.daemon.path': daemon } });
  browser = await startBrowser();
  page = browser.page;
  page.setDefaultTimeout(20_000);
  code = new Code(page);
  await code.open(server, folder);
  await page.getByRole('tab', { name: 'OpdCode', exact: true }).click();
});
after(async () => {
  await browser?.stop();
  await server?.stop();
  if (folder) removeFolder(folder);
});

const row = (text) => page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
const cursor = () => page.locator('.statusbar-item', { hasText: /^Ln \d+/ }).innerText();

/** Every token's box as it is drawn, in reading order. */
async function drawn() {
  const boxes = await page.locator('.monaco-editor .view-overlays .cdr[class*="ced-"]').evaluateAll((elements) =>
    elements.map((element) => {
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return { top: Math.round(box.top), left: box.left, background: style.backgroundColor, border: style.borderBottomStyle, colour: style.borderBottomColor };
    }),
  );
  return boxes.filter(({ border }) => border !== 'none').sort((a, b) => a.top - b.top || a.left - b.left);
}

function css(hex) {
  const part = (at) => Number.parseInt(hex.slice(at, at + 2), 16);
  const alpha = hex.length > 7 ? part(7) : 255;
  return [part(1), part(3), part(5), alpha];
}
const parts = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  return [numbers[0], numbers[1], numbers[2], Math.round((numbers[3] ?? 1) * 255)];
};

/** What the levels that the daemon computed must look like. */
function expected(columnName, theme) {
  const column = feedback.columns.find(({ name }) => name === columnName);
  const shown = (token) => (feedback.mask[token] === 0 || feedback.ends[token] === feedback.starts[token] ? 0 : column.levels[token]);
  return column.levels.flatMap((level, token) => {
    // Neighbours that look alike are drawn as one.
    if (shown(token) === 0 || (token > 0 && shown(token - 1) === level)) return [];
    const side = level > 0 ? 'positive' : 'negative';
    const size = Math.abs(level);
    return [{ background: css(palette.get(fillColourId('blueOrange', side, size))[theme]), border: borderStyles[size], colour: css(palette.get(accentColourId('blueOrange', side))[theme]) }];
  });
}

/** VS Code writes alpha with two digits, which is up to two steps of 256. */
function same(boxes, wanted) {
  const rounded = (rgba, other) => rgba.map((value, at) => (at === 3 && other !== undefined && Math.abs(value - other[3]) <= 2 ? other[3] : value));
  assert.deepEqual(boxes.map((box, at) => ({ ...box, background: rounded(box.background, wanted[at]?.background) })), wanted);
}

test('a recorded rollout opens as text, with its tokens coloured', async () => {
  await row(`Step ${step}`).click();
  await page.locator('.pane-body .monaco-list-row', { hasText: /tokens/ }).nth(index).click();
  const lines = page.locator('.monaco-editor .view-line');
  await lines.filter({ hasText: /PROMPT/ }).first().waitFor();
  await lines.filter({ hasText: /RESPONSE/ }).first().waitFor();
  const shown = (await lines.allInnerTexts()).map((line) => line.replaceAll('\u00a0', ' '));
  assert.ok(shown.includes(feedback.response.split('\n')[0]), shown.join('\n'));
});

test('the legend says in words what is coloured, by which estimator, in which unit, and where levels begin', async () => {
  const lenses = page.locator('.monaco-editor .codelens-decoration');
  await lenses.filter({ hasText: /\[nats\]/ }).filter({ hasText: /log p\(student\)/ }).first().waitFor();
  await lenses.filter({ hasText: /dotted ≥.+dashed ≥.+double ≥/ }).first().waitFor();
});

for (const [name, theme] of themes) {
  test(`tokens have the colours of the palette: ${name}`, async () => {
    if (theme !== 'dark') await chooseTheme(code, name);
    const wanted = expected('logRatio', theme);
    assert.ok(wanted.length > 0, 'the run has tokens where student and teacher disagree');
    await soon(async () => {
      const boxes = (await drawn()).map(({ background, border, colour }) => ({ background: parts(background), border, colour: parts(colour) }));
      same(boxes, wanted);
    });
    await page.screenshot({ path: join(screenshots, `sample-${theme}.png`) });
  });
}

test('F8 puts the cursor on the next disagreement and opens its hover, with both models side by side', async () => {
  await chooseTheme(code, 'Dark Modern');
  await page.locator('.monaco-editor .view-line').first().click();
  const before = await cursor();
  await page.keyboard.press('F8');
  const hover = page.locator('.monaco-hover:visible');
  await hover.filter({ hasText: /student would say/ }).first().waitFor();
  const text = await hover.first().innerText();
  assert.match(text, /teacher would say/);
  assert.match(text, /token \d+ of \d+/);
  assert.notEqual(await cursor(), before);
  await page.screenshot({ path: join(screenshots, 'sample-hover.png') });
  const first = await cursor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('F8');
  await soon(async () => assert.notEqual(await cursor(), first));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+F8');
  await soon(async () => assert.equal(await cursor(), first));
  await page.keyboard.press('Escape');
});

test('another metric recolours the text', async () => {
  await code.command('OpdCode: Change Heatmap Metric…');
  await page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: 'Student entropy' }).first().waitFor();
  await page.screenshot({ path: join(screenshots, 'sample-metrics.png') });
  await code.pick('Student entropy');
  const wanted = expected('studentEntropy', 'dark');
  await soon(async () => same((await drawn()).map(({ background, border, colour }) => ({ background: parts(background), border, colour: parts(colour) })), wanted));
  await code.command('OpdCode: Change Heatmap Metric…');
  await code.pick('Log-ratio');
});

test('the colours can be hidden and shown', async () => {
  await code.command('OpdCode: Toggle Heatmap');
  await soon(async () => assert.equal((await drawn()).length, 0));
  await code.command('OpdCode: Toggle Heatmap');
  await soon(async () => assert.equal((await drawn()).length, expected('logRatio', 'dark').length));
});

test('the token table has a line for every token', async () => {
  await code.command('OpdCode: Show Token Table');
  const lines = page.locator('.monaco-editor .view-line');
  await lines.filter({ hasText: /^#\d+/ }).first().waitFor();
  assert.equal(await lines.filter({ hasText: /^#\d+/ }).count(), feedback.ids.length);
  await page.screenshot({ path: join(screenshots, 'sample-token-table.png') });
  await code.command('View: Close Editor');
});

test('the worst tokens of the run lead to their place', async () => {
  await code.command('OpdCode: Show Worst Tokens…');
  const rows = page.locator('.quick-input-widget:visible .monaco-list-row');
  await rows.filter({ hasText: /nats/ }).first().waitFor();
  await page.screenshot({ path: join(screenshots, 'sample-worst.png') });
  await rows.first().click();
  await page.locator('.monaco-hover:visible').filter({ hasText: /student would say/ }).first().waitFor();
  await page.keyboard.press('Escape');
});

test('a sample is still there after the window was reloaded', async () => {
  await code.command('Developer: Reload Window');
  await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
  await page.locator('.monaco-editor .view-line', { hasText: /RESPONSE/ }).first().waitFor();
  await soon(async () => assert.ok((await drawn()).length > 0));
});

test('nothing left the machine', () => {
  assert.deepEqual([...new Set(code.outside)], []);
});
