// What every end-to-end test file needs: a workspace with the sample and a real run in it, the real daemon, a real VS Code.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

// The extension's own packages; this folder has none.
const packages = createRequire(new URL('../../extension/package.json', import.meta.url));
const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = packages('vscode-jsonrpc/node');

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const screenshots = join(root, 'artifacts', 'screenshots');
mkdirSync(screenshots, { recursive: true });

/** The daemon that run.cs built. */
export const daemon = process.env.OPDCODE_DAEMON ?? join(root, 'artifacts', 'bin', 'OpdCode.Daemon', 'release', 'opdcode');
if (!existsSync(daemon)) throw new Error(`${daemon} is not there: build the solution first (dotnet run tests/run.cs does)`);

/** A folder with the arithmetic sample. */
export function makeWorkspace() {
  const folder = mkdtempSync(join(tmpdir(), 'ws-'));
  const sample = join(root, 'samples', 'arithmetic');
  for (const part of ['student', 'teacher', 'data', 'distill.opd.json']) cpSync(join(sample, part), join(folder, part), { recursive: true });
  return folder;
}

/** A short real run in the folder of a workspace; gives its id. */
export function makeRun(folder, ...settings) {
  const set = ['record.every=2', 'record.rollouts=4', 'evaluate.every=3', 'rollout.promptsPerStep=8', ...settings];
  execFileSync(daemon, ['run', 'distill.opd.json', '--steps', '6', ...set.flatMap((setting) => ['--set', setting])], { cwd: folder, stdio: 'pipe', timeout: 120_000 });
  return readdirSync(join(folder, 'runs')).filter((name) => !name.startsWith('.')).at(-1);
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** node:test with a limit, and a screenshot of what was on the screen when it failed. */
export function makeTest(getPage) {
  return (name, run) =>
    nodeTest(name, { timeout: 90_000 }, async (context) => {
      try {
        await run(context);
      } catch (error) {
        await getPage()?.screenshot({ path: join(screenshots, `FAILED-${name.replace(/\W+/g, '-').slice(0, 60)}.png`) });
        throw error;
      }
    });
}

/** By name, and by kind as colours are contributed. */
export const themes = [
  ['Dark Modern', 'dark'],
  ['Light Modern', 'light'],
  ['Dark High Contrast', 'highContrast'],
  ['Light High Contrast', 'highContrastLight'],
];

export async function chooseTheme(code, name) {
  await code.command('Preferences: Color Theme');
  const list = code.page.locator('.quick-input-widget:visible');
  await list.locator('input[type=text]').fill(name);
  await list.locator('.monaco-list-row', { hasText: name }).first().waitFor();
  await code.page.keyboard.press('Enter');
}

/** Polls: the window is drawn piece by piece, and a single look is a race. */
export async function soon(look, milliseconds = 20_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const tokenBoxes = '.monaco-editor .view-overlays .cdr[class*="ced-"]';

/** Milliseconds from the next click or Enter until the coloured boxes are others than before, measured by the page itself. */
export async function timeToColour(page, act) {
  await page.evaluate((selector) => {
    const look = () => {
      const boxes = [...document.querySelectorAll(selector)];
      return boxes.length > 20 ? boxes.map((box) => `${box.className} ${box.style.cssText}`).join() : '';
    };
    const before = look();
    let start;
    const begin = (event) => {
      if (event.type === 'mousedown' || event.key === 'Enter') start ??= performance.now();
    };
    for (const type of ['mousedown', 'keydown']) addEventListener(type, begin, { capture: true });
    const until = performance.now() + 20_000;
    window.opdcodeColoured = new Promise((resolve) => {
      const check = () => {
        const now = look();
        const changed = start !== undefined && now !== '' && now !== before;
        if (!changed && performance.now() < until) {
          requestAnimationFrame(check);
          return;
        }
        for (const type of ['mousedown', 'keydown']) removeEventListener(type, begin, { capture: true });
        resolve(changed ? Math.round(performance.now() - start) : undefined);
      };
      check();
    });
  }, tokenBoxes);
  await act();
  const milliseconds = await page.evaluate(() => window.opdcodeColoured);
  if (milliseconds === undefined) throw new Error('the coloured boxes stay as they were');
  return milliseconds;
}

/** The longest time without a frame while something is done, milliseconds, and the longest that the page's own script took. */
export async function longestStall(page, act) {
  await page.evaluate(() => {
    const stall = { frame: 0, script: 0, on: true };
    window.opdcodeStall = stall;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) stall.script = Math.max(stall.script, duration);
    }).observe({ entryTypes: ['longtask'] });
    let last = performance.now();
    const frame = (now) => {
      stall.frame = Math.max(stall.frame, now - last);
      last = now;
      if (stall.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await act();
  return page.evaluate(() => {
    window.opdcodeStall.on = false;
    return { frame: Math.round(window.opdcodeStall.frame), script: Math.round(window.opdcodeStall.script) };
  });
}

/** Seconds of processor time that the extension host of a server has used. */
export function extensionHostSeconds(server) {
  const [host] = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('extensionHost') && fields(id)[2] === String(server.pid);
      } catch (error) {
        if (['ENOENT', 'ESRCH', 'EACCES'].includes(error.code)) return false;
        throw error;
      }
    });
  const [user, system] = fields(host).slice(11, 13).map(Number);
  return (user + system) / 100;
}

/** What stands behind the name in /proc/ID/stat: state, parent, group … */
function fields(id) {
  const text = readFileSync(`/proc/${id}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Asks the daemon directly, for what a test compares the window with. */
export async function ask(folder, method, params) {
  const child = spawn(daemon, ['serve'], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  connection.listen();
  try {
    await connection.sendRequest('initialize', { protocolVersion: '1.0', client: 'e2e', workspaceFolders: [folder] });
    return await connection.sendRequest(method, params);
  } finally {
    connection.dispose();
    child.stdin.end();
  }
}

/** Process ids of the daemons that serve a folder. */
export function daemonsIn(folder) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').includes('serve') && readlinkSync(`/proc/${id}/cwd`) === folder;
      } catch (error) {
        // Processes end while they are looked at.
        if (['ENOENT', 'ESRCH', 'EACCES'].includes(error.code)) return false;
        throw error;
      }
    });
}

/** What axe has to say against a webview, each as rule and place. */
export async function axeViolations(view) {
  const handle = await view.owner().elementHandle();
  const frame = await handle.contentFrame();
  // Evaluated by the debugger: the page's own policy allows no script but its own.
  await frame.evaluate(readFileSync(packages.resolve('axe-core/axe.min.js'), 'utf8'));
  return frame.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
  });
}
