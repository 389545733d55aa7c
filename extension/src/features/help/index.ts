import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands, env, l10n, Uri, version as codeVersion, window, workspace } from 'vscode';
import type { Context } from '../../context';
import type { MachineInfo } from '../../daemon/protocol';
import { command } from '../../ui/command';
import { formatGigabytes } from '../../ui/format';

const scheme = 'opdcode-help';
const codePattern = /^OPD\d{4}$/;

/** Pages about codes, the machine, reports, the walkthrough, and the menu behind the status bar. */
export function registerHelp(ctx: Context): void {
  ctx.extension.subscriptions.push(
    workspace.registerTextDocumentContentProvider(scheme, { provideTextDocumentContent: (uri) => helpPage(ctx, uri) }),
    command(ctx, 'opdcode.explainCode', async (argument) => {
      const code = typeof argument === 'string' ? argument : await window.showInputBox({ title: l10n.t('Explain which code?'), placeHolder: 'OPD1101', validateInput: (value) => (codePattern.test(value) ? undefined : l10n.t('A code is OPD and four digits.')) });
      if (code === undefined || !codePattern.test(code)) return;
      await commands.executeCommand('markdown.showPreview', Uri.from({ scheme, path: `/${code}.md` }));
    }),
    command(ctx, 'opdcode.showMachine', async () => {
      const machine = await ctx.daemon.request('machine/get', {});
      await window.showQuickPick(machineItems(machine), { title: l10n.t('What there is to compute with') });
    }),
    command(ctx, 'opdcode.showMenu', () => showMenu(ctx)),
    command(ctx, 'opdcode.showLogs', () => {
      ctx.channels.daemon.show(true);
      return undefined;
    }),
    command(ctx, 'opdcode.restartDaemon', () => ctx.daemon.restart()),
    command(ctx, 'opdcode.openWalkthrough', () => commands.executeCommand('workbench.action.openWalkthrough', `${ctx.extension.extension.id}#opdcode.start`, false) as Promise<unknown>),
    command(ctx, 'opdcode.reportIssue', () => reportIssue(ctx)),
    command(ctx, 'opdcode.openSample', async () => {
      const [folder] = await workspace.findFiles('**/samples/arithmetic/distill.opd.json', undefined, 1);
      const [any] = folder ? [folder] : await workspace.findFiles('**/*.opd.json', '**/{node_modules,artifacts,runs}/**', 1);
      if (any) await window.showTextDocument(any);
      else void window.showInformationMessage(l10n.t('No recipe is open. Open the OpdCode repository, whose samples/arithmetic runs as it is, or make a new recipe.'), l10n.t('New Recipe…')).then((chosen) => (chosen === undefined ? undefined : commands.executeCommand('opdcode.newRecipe')));
    }),
  );
}

/** The page about a code as it was shipped with this version. */
async function helpPage(ctx: Context, uri: Uri): Promise<string> {
  const code = /^\/(OPD\d{4})\.md$/.exec(uri.path)?.[1];
  if (code === undefined) return '';
  for (const folder of ['docs/errors', '../docs/errors']) {
    const page = await readFile(ctx.extension.asAbsolutePath(join(folder, `${code}.md`)), 'utf8').catch(() => undefined);
    if (page !== undefined) return page;
  }
  return `# ${code}\n\n${l10n.t('This version of the extension has no page about {0}; a newer daemon may have sent it.', code)}\n`;
}

function machineItems(machine: MachineInfo): { label: string; description: string }[] {
  const row = (label: string, description: string): { label: string; description: string } => ({ label, description });
  return [
    row(l10n.t('Device that “auto” uses'), machine.device),
    row(l10n.t('CUDA devices'), String(machine.cudaDevices)),
    row(l10n.t('Memory'), formatGigabytes(machine.availableBytes)),
    row(l10n.t('Processors'), l10n.t('{0}, {1} threads a tensor operation', machine.processors, machine.threads)),
    row('libtorch', `${machine.libtorch} · ${machine.libtorchFolder}`),
    row(l10n.t('System'), `${machine.system} · .NET ${machine.dotnet}`),
  ];
}

async function showMenu(ctx: Context): Promise<void> {
  const { state } = ctx.daemon;
  const entry = (label: string, id: string, description = ''): { label: string; id: string; description: string } => ({ label, id, description });
  const items = [
    entry(`$(graph-line) ${l10n.t('Open Runs')}`, 'opdcode.openRuns'),
    entry(`$(add) ${l10n.t('New Recipe…')}`, 'opdcode.newRecipe'),
    entry(`$(server) ${l10n.t('Show Machine')}`, 'opdcode.showMachine'),
    entry(`$(refresh) ${l10n.t('Restart Daemon')}`, 'opdcode.restartDaemon', state.kind === 'running' ? `${state.hello.daemonVersion} · ${state.location.path}` : ''),
    entry(`$(output) ${l10n.t('Show Logs')}`, 'opdcode.showLogs'),
    entry(`$(tools) ${l10n.t('Set Up Daemon…')}`, 'opdcode.setUpDaemon'),
    entry(`$(report) ${l10n.t('Report Issue…')}`, 'opdcode.reportIssue'),
    entry(`$(book) ${l10n.t('Open Walkthrough')}`, 'opdcode.openWalkthrough'),
  ];
  const title = state.kind === 'unavailable' ? state.error.message : state.kind === 'running' ? l10n.t('The daemon is running') : state.kind === 'starting' ? l10n.t('The daemon is starting') : l10n.t('The daemon starts when it is needed');
  const picked = await window.showQuickPick(items, { title, placeHolder: `OpdCode ${extensionVersion(ctx)}` });
  if (picked) await commands.executeCommand(picked.id);
}

/** Versions, device and log lines as a text to look over before it is sent anywhere. Prompts and tokens are never in it. */
async function reportIssue(ctx: Context): Promise<void> {
  const { state } = ctx.daemon;
  const machine = state.kind === 'running' ? await ctx.daemon.request('machine/get', {}) : undefined;
  const lines = [
    `# ${l10n.t('OpdCode report')}`,
    '',
    l10n.t('Write here what you did, what you expected and what happened. Look through the rest before you send it: it holds versions, the device and log lines, but no prompts, tokens or recipes.'),
    '',
    '```',
    `extension ${extensionVersion(ctx)}, VS Code ${codeVersion}, ${env.remoteName === undefined ? 'local' : 'remote'}, ${process.platform} ${process.arch}`,
    state.kind === 'running' ? `daemon ${state.hello.daemonVersion}, protocol ${state.hello.protocolVersion}, found by ${state.location.origin}` : `daemon ${state.kind}${state.kind === 'unavailable' ? `: ${state.error.message}` : ''}`,
    ...(machine ? [`device ${machine.device}, cuda devices ${machine.cudaDevices}, libtorch ${machine.libtorch}, .NET ${machine.dotnet}, ${machine.system}, ${formatGigabytes(machine.availableBytes)}, ${machine.processors} processors`] : []),
    '```',
    '',
    l10n.t('The last lines of the daemon:'),
    '```',
    ...ctx.channels.recentDaemonLines.slice(-200).map((line) => line.replaceAll('```', "'''")),
    '```',
    '',
  ];
  await window.showTextDocument(await workspace.openTextDocument({ language: 'markdown', content: lines.join('\n') }));
}

function extensionVersion(ctx: Context): string {
  const manifest: unknown = ctx.extension.extension.packageJSON;
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
