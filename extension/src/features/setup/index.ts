import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { l10n, ProgressLocation, window, workspace } from 'vscode';
import type { CancellationToken } from 'vscode';
import type { Context } from '../../context';
import { isFile } from '../../daemon/daemon';
import { command } from '../../ui/command';
import { formatBytes } from '../../ui/format';
import { diagnose } from './diagnosis';
import { fetchRuntime, runtimePackageFor } from './runtime';

interface Plan {
  readonly label: string;
  readonly detail: string;
  readonly action: 'fetch' | 'build' | 'choose';
  readonly folder?: string;
  readonly accelerator?: 'cpu' | 'cuda';
}

/** The guided way to a daemon: says what it will run and fetch, shows how it goes, and explains a failure. */
export function registerSetup(ctx: Context): void {
  ctx.extension.subscriptions.push(
    command(ctx, 'opdcode.setUpDaemon', async () => {
      const plan = await window.showQuickPick(plans(ctx), { title: l10n.t('Set up the OpdCode daemon') });
      if (!plan) return;
      if (plan.action === 'fetch') await fetchLibtorch(ctx);
      else if (plan.action === 'choose') await chooseExecutable(ctx);
      else if (plan.folder !== undefined) await build(ctx, plan.folder, plan.accelerator ?? 'cpu');
    }),
  );
}

function plans(ctx: Context): Plan[] {
  const source = runtimePackageFor(process.platform, process.arch);
  const bundled = join(ctx.extension.extensionPath, 'daemon');
  if (source && hasDaemon(bundled)) {
    const detail = l10n.t('Fetches libtorch for the CPU ({0}) from {1}, checks it, and unpacks it into {2}.', formatBytes(source.bytes), source.url, runtimeFolder(ctx));
    return [{ action: 'fetch', label: `$(cloud-download) ${l10n.t('Fetch libtorch for the daemon in this extension')}`, detail }, ...otherPlans(ctx)];
  }
  return otherPlans(ctx);
}

function hasDaemon(folder: string): boolean {
  return isFile(join(folder, 'opdcode')) || isFile(join(folder, 'opdcode.exe'));
}

function runtimeFolder(ctx: Context): string {
  return join(ctx.extension.globalStorageUri.fsPath, 'libtorch');
}

async function fetchLibtorch(ctx: Context): Promise<void> {
  const source = runtimePackageFor(process.platform, process.arch);
  if (!source) return;
  const abort = new AbortController();
  await window.withProgress({ location: ProgressLocation.Notification, title: l10n.t('Fetching libtorch'), cancellable: true }, async (progress, cancel) => {
    cancel.onCancellationRequested(() => abort.abort());
    let shown = 0;
    await fetchRuntime(source, runtimeFolder(ctx), join(ctx.extension.extensionPath, 'daemon'), (message, fraction) => {
      const percent = Math.floor(fraction * 100); // eslint-disable-line no-restricted-syntax -- progress, not a metric of a model
      progress.report({ message, increment: percent - shown });
      shown = percent;
    }, abort.signal);
  });
  await workspace.getConfiguration('opdcode').update('runtime.path', runtimeFolder(ctx), true);
  await ctx.daemon.restart();
  void window.showInformationMessage(l10n.t('libtorch is in place and the daemon is running.'));
}

function otherPlans(ctx: Context): Plan[] {
  const repositories = [...(workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath), join(ctx.extension.extensionPath, '..')].filter((folder) => isFile(join(folder, 'OpdCode.sln')));
  const choose: Plan = { action: 'choose', label: `$(folder-opened) ${l10n.t('Choose the executable…')}`, detail: l10n.t('opdcode, opdcode.exe or opdcode.dll on this machine. Nothing is fetched.') };
  const [folder] = repositories;
  if (folder === undefined || !workspace.isTrusted) {
    const hint = workspace.isTrusted ? l10n.t('Open the folder of the OpdCode repository to build the daemon here.') : l10n.t('Trust this folder to build the daemon in it.');
    return [{ ...choose, detail: `${choose.detail} ${hint}` }];
  }
  const what = (accelerator: 'cpu' | 'cuda'): string => `dotnet ${buildArguments(accelerator).join(' ')}`;
  return [
    { action: 'build', folder, accelerator: 'cpu', label: `$(tools) ${l10n.t('Build for the CPU')}`, detail: l10n.t('Runs “{0}” in {1}. Fetches about 130 MB of packages from NuGet the first time.', what('cpu'), folder) },
    { action: 'build', folder, accelerator: 'cuda', label: `$(circuit-board) ${l10n.t('Build for CUDA')}`, detail: l10n.t('Runs “{0}” in {1}. Fetches several GB of packages from NuGet the first time; needs an NVIDIA driver.', what('cuda'), folder) },
    choose,
  ];
}

function buildArguments(accelerator: 'cpu' | 'cuda'): string[] {
  return ['build', '-c', 'Release', '--nologo', join('daemon', 'OpdCode.Daemon'), ...(accelerator === 'cuda' ? ['-p:Accelerator=cuda'] : [])];
}

async function chooseExecutable(ctx: Context): Promise<void> {
  const [file] = (await window.showOpenDialog({ title: l10n.t('The OpdCode daemon'), openLabel: l10n.t('Use This Daemon') })) ?? [];
  if (!file) return;
  await workspace.getConfiguration('opdcode').update('daemon.path', file.fsPath, true);
  await ctx.daemon.restart();
}

async function build(ctx: Context, folder: string, accelerator: 'cpu' | 'cuda'): Promise<void> {
  const args = buildArguments(accelerator);
  const lines: string[] = [];
  const exit = await window.withProgress({ location: ProgressLocation.Notification, title: l10n.t('Building the OpdCode daemon'), cancellable: true }, (progress, cancel) =>
    run('dotnet', args, folder, cancel, (line) => {
      lines.push(line);
      ctx.channels.extension.info(line);
      progress.report({ message: line.trim().slice(0, 100) });
    }),
  );
  if (exit === 'cancelled') return;
  if (exit !== 0) {
    ctx.channels.extension.show(true);
    throw new Error(diagnose(exit, lines));
  }
  await ctx.daemon.restart();
  void window.showInformationMessage(l10n.t('The OpdCode daemon is built and running.'));
}

async function run(program: string, args: readonly string[], cwd: string, cancel: CancellationToken, onLine: (line: string) => void): Promise<number | 'cancelled' | 'missing'> {
  onLine(`> ${program} ${args.join(' ')}  (${cwd})`);
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, env: { ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' } });
  createInterface({ input: child.stdout }).on('line', onLine);
  createInterface({ input: child.stderr }).on('line', onLine);
  cancel.onCancellationRequested(() => child.kill());
  return new Promise((resolve) => {
    child.once('error', () => resolve('missing'));
    child.once('close', (code) => resolve(cancel.isCancellationRequested ? 'cancelled' : (code ?? 1)));
  });
}
