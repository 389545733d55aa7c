// Starts a real VS Code (code-server) and a real Chromium, and drives them with playwright-core.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, writeFileSync, rmSync, readdirSync, readFileSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createRequire } from 'node:module';

// The extension's own packages; this folder has none.
const { chromium } = createRequire(new URL('../../extension/package.json', import.meta.url))('playwright-core');

const CS = process.env.CODE_SERVER_ENTRY;
const NODE = process.env.CODE_SERVER_NODE; // must be Node 24 for 4.139.1
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Dark Modern',
  'workbench.reduceMotion': 'on',
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'git.enabled': false,
  'json.schemaDownload.enable': false,
  'workbench.enableExperiments': false,
  'editor.cursorBlinking': 'solid',
  'window.commandCenter': false,
  // It looks at every process of the machine every few seconds, on the account of the extension host.
  'remote.autoForwardPorts': false,
};

export async function startCodeServer({ vsix = [], settings = {}, machineSettings = {}, locale, env = {}, extraArgs = [], noTrustFlag = false } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'vsc-'));             // keep it SHORT: a unix socket lives in user-data-dir (limit 107 bytes)
  const user = join(dir, 'u'), ext = join(dir, 'x'), config = join(dir, 'c.yaml');
  mkdirSync(join(user, 'User'), { recursive: true }); mkdirSync(ext);
  writeFileSync(config, '');                                   // else it writes ~/.config/code-server/config.yaml
  writeFileSync(join(user, 'User', 'settings.json'), JSON.stringify({ ...SETTINGS, ...settings }, null, 1));
  // A window onto a server is a remote one: settings of scope machine are read from the server's own file.
  mkdirSync(join(user, 'Machine'), { recursive: true });
  writeFileSync(join(user, 'Machine', 'settings.json'), JSON.stringify(machineSettings, null, 1));
  const base = ['--config', config, '--user-data-dir', user, '--extensions-dir', ext];
  if (locale) {
    // A language pack without texts of its own: VS Code itself stays English, extensions are asked for the locale.
    const texts = join(dir, 'main.i18n.json');
    writeFileSync(texts, JSON.stringify({ version: '1.0.0', contents: {} }));
    writeFileSync(join(user, 'languagepacks.json'), JSON.stringify({ [locale]: { hash: 'e2e', extensions: [{ extensionIdentifier: { id: 'e2e.pack' }, version: '1.0.0' }], translations: { vscode: texts }, label: locale } }));
    extraArgs = [...extraArgs, '--locale', locale];
  }
  const tmp = join(dir, 't'), xdg = join(dir, 'd'); mkdirSync(tmp); mkdirSync(xdg);
  // EXTENSIONS_GALLERY={}: no calls to open-vsx.org. TMPDIR/XDG_*: it leaves sockets in TMPDIR and a heartbeat + logs in XDG_DATA_HOME whatever --user-data-dir says.
  const penv = { ...process.env, EXTENSIONS_GALLERY: '{}', TMPDIR: tmp, XDG_DATA_HOME: xdg, XDG_CONFIG_HOME: xdg, XDG_CACHE_HOME: xdg, ...env };
  delete penv.PORT; delete penv.PASSWORD; delete penv.VSCODE_IPC_HOOK_CLI;
  for (const v of vsix) execFileSync(NODE, [CS, ...base, '--install-extension', resolve(v)], { env: penv, stdio: 'pipe' });
  const child = spawn(NODE, [CS, ...base, '--bind-addr', '127.0.0.1:0', '--auth', 'none', '--disable-telemetry', '--disable-update-check',
    ...(noTrustFlag ? [] : ['--disable-workspace-trust']), '--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened',
    '--vscode-option', 'disable-experiments', ...extraArgs], { stdio: ['ignore', 'pipe', 'pipe'], env: penv, detached: true }); // own process group: code-server forks itself, an extension host, a file watcher, language servers
  const killGroup = (sig) => { try { process.kill(-child.pid, sig); } catch {} };
  const onExit = () => killGroup('SIGKILL'); process.once('exit', onExit);
  let out = '';
  const url = await new Promise((res, rej) => {
    const t = setTimeout(() => rej(new Error('code-server did not start\n' + out)), 30000);
    const on = (b) => { out += b; const m = out.match(/HTTP server listening on (http:\/\/[^\s/]+)/); if (m) { clearTimeout(t); res(m[1]); } };
    child.stdout.on('data', on); child.stderr.on('data', on);
    child.once('exit', (c) => rej(new Error(`code-server exited ${c}\n${out}`)));
  });
  const logs = () => { try { return readdirSync(join(user, 'logs'), { recursive: true }).filter((f) => f.endsWith('remoteexthost.log')).map((f) => readFileSync(join(user, 'logs', f), 'utf8')).join('\n'); } catch { return ''; } };
  return {
    url, authority: new URL(url).host, dir, user, ext, pid: child.pid, output: () => out, extHostLog: logs,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((r) => child.once('exit', r));
        killGroup('SIGTERM');
        const t = setTimeout(() => killGroup('SIGKILL'), 5000);
        await gone; clearTimeout(t);
      }
      for (let i = 0; i < 50; i++) { try { process.kill(-child.pid, 0); } catch { break; } await new Promise((r) => setTimeout(r, 100)); }
      killGroup('SIGKILL'); process.removeListener('exit', onExit);
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

export async function startBrowser({ viewport = { width: 1400, height: 900 } } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'crm-'));
  const ctx = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, headless: true, viewport,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
  return { ctx, page: ctx.pages()[0] ?? await ctx.newPage(), async stop() { await ctx.close(); rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }); } };
}

export class Code {
  constructor(page) { this.page = page; this.outside = []; this.csp = [];
    page.on('request', (r) => { const u = new URL(r.url()); if (/^(https?|wss?):$/.test(u.protocol) && u.hostname !== '127.0.0.1' && !u.hostname.endsWith('.vscode-resource.vscode-cdn.net')) this.outside.push(r.url()); });
    page.on('console', (m) => { if (/Content Security Policy/.test(m.text())) this.csp.push(m.text()); }); }
  async open(server, folder, { payload = [] } = {}) {
    const q = new URLSearchParams({ folder, payload: JSON.stringify([['skipWelcome', 'true'], ['skipReleaseNotes', 'true'], ...payload]) });
    await this.page.goto(`${server.url}/?${q}`, { waitUntil: 'domcontentloaded', timeout: 90_000 });
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 90_000 });
  }
  /** Press a key that opens the quick input. A key pressed while focus is moving into a webview that is still loading is LOST, so try again. */
  async #quickInput(key) {
    const input = this.page.locator('.quick-input-widget:visible input[type=text]');
    for (let i = 0; ; i++) {
      await this.page.evaluate(() => { if (document.activeElement?.tagName === 'IFRAME') document.activeElement.blur(); });
      await this.page.keyboard.press(key);
      try { await input.waitFor({ timeout: 1500 }); return input; } catch (e) { if (i >= 6) throw e; }
    }
  }
  async command(label) {
    const input = await this.#quickInput('F1');
    await input.fill('>' + label);
    await this.page.locator('.quick-input-list .monaco-list-row', { has: this.page.getByText(label, { exact: true }) }).first().click();
  }
  async quickOpen(file) {
    const input = await this.#quickInput('ControlOrMeta+P');
    await input.fill(file);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: file }).first().click();
    await this.page.getByRole('tab', { name: file }).first().waitFor();
  }
  async pick(row) { await this.page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: row }).first().click(); }
  /** The document an extension put in a webview: outer iframe.webview (VS Code's shim) > iframe#active-frame (the extension's HTML). */
  webview(nth = -1) { return this.page.locator('iframe.webview.ready:visible').nth(nth).contentFrame().locator('iframe#active-frame').contentFrame(); }
}

/** Runs a mocha (or any) entry INSIDE the extension host. The server must have been started with extraArgs ['--vscode-option','enable-smoke-test-driver'].
 *  extensionDir and testsEntry are absolute paths on this machine; testsEntry must lie under extensionDir (else `require('vscode')` is not resolved) and export run(). */
export async function runInExtensionHost({ page, server, folder, extensionDir, testsEntry, timeout = 120000, log = () => {} }) {
  let done; const exit = new Promise((r) => { done = r; });
  await page.exposeFunction('codeAutomationExit', (c) => done(c));
  await page.exposeFunction('codeAutomationLog', (type, args) => log(type, args));
  const remote = (p) => `vscode-remote://${server.authority}${p}`;
  const payload = [['extensionDevelopmentPath', remote(extensionDir)], ['extensionTestsPath', remote(testsEntry)], ['skipWelcome', 'true'], ['skipReleaseNotes', 'true']];
  await page.goto(`${server.url}/?${new URLSearchParams({ folder, payload: JSON.stringify(payload) })}`);
  let t; const code = await Promise.race([exit, new Promise((_, rej) => { t = setTimeout(() => rej(new Error('extension host tests timed out')), timeout); })]).finally(() => clearTimeout(t));
  return code;
}
