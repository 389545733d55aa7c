import { commands, workspace } from 'vscode';
import type { ExtensionContext } from 'vscode';
import type { Context } from './context';
import { Daemon, isFile } from './daemon/daemon';
import type { TraceLevel } from './daemon/connect';
import type { LogLevel } from './daemon/launch';
import { registerHelp } from './features/help';
import { registerRecipes } from './features/recipes';
import { registerRuns } from './features/runs';
import { registerSamples } from './features/samples';
import { registerScore } from './features/score';
import { registerSetup } from './features/setup';
import { registerTools } from './features/tools';
import { chosenModelsKey } from './ui/models';
import { Channels } from './ui/channels';
import { StatusBar } from './ui/statusBar';

/** Settings that a daemon only learns of when it starts. */
const restartSettings = ['opdcode.daemon', 'opdcode.runs', 'opdcode.models', 'opdcode.runtime'];

export function activate(extension: ExtensionContext): void {
  const begun = { time: performance.now(), processor: process.cpuUsage() };
  const channels = new Channels();
  const manifest: unknown = extension.extension.packageJSON;
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
  const daemon = createDaemon(extension, channels, version);
  const ctx: Context = { extension, daemon, channels };
  extension.subscriptions.push(
    channels,
    daemon,
    new StatusBar(daemon, version),
    daemon.onDidChangeState(({ kind }) => void commands.executeCommand('setContext', 'opdcode.daemonState', kind)),
    workspace.onDidGrantWorkspaceTrust(() => {
      // What was refused before may start now.
      if (daemon.state.kind === 'running') update(daemon, channels);
      else restart(daemon, channels);
    }),
    workspace.onDidChangeWorkspaceFolders(() => update(daemon, channels)),
    workspace.onDidChangeConfiguration((change) => {
      if (daemon.state.kind !== 'stopped' && restartSettings.some((section) => change.affectsConfiguration(section))) restart(daemon, channels);
    }),
  );
  registerHelp(ctx);
  registerSetup(ctx);
  registerRecipes(ctx);
  registerSamples(ctx);
  registerRuns(ctx);
  registerScore(ctx);
  registerTools(ctx);
  startWhereUsed(daemon, channels);
  const { user, system } = process.cpuUsage(begun.processor);
  channels.extension.info(`activated in ${Math.round(performance.now() - begun.time)} ms, ${Math.round((user + system) / 1000)} ms of processor time`);
}

/** A folder with recipes or runs gets its daemon at once, so that runs that went on come back by themselves; others when something asks. */
function startWhereUsed(daemon: Daemon, channels: Channels): void {
  if (workspace.workspaceFolders === undefined) return;
  void (async () => {
    const found = await workspace.findFiles('**/{*.opd.json,metrics.jsonl}', '**/{node_modules,artifacts,bin,obj,.git}/**', 1);
    if (found.length > 0) await daemon.start();
  })().catch((error: unknown) => channels.extension.warn(error instanceof Error ? error.message : String(error)));
}

function restart(daemon: Daemon, channels: Channels): void {
  daemon.restart().catch((error: unknown) => channels.extension.warn(error instanceof Error ? error.message : String(error)));
}

function update(daemon: Daemon, channels: Channels): void {
  daemon.updateSession().catch((error: unknown) => channels.extension.warn(error instanceof Error ? error.message : String(error)));
}

function createDaemon(extension: ExtensionContext, channels: Channels, version: string): Daemon {
  const text = (name: string): string => workspace.getConfiguration('opdcode').get<string | null>(name) ?? '';
  const setting = <T>(name: string, fallback: T): T => workspace.getConfiguration('opdcode').get<T | null>(name) ?? fallback;
  const folders = (): string[] => (workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file').map((folder) => folder.uri.fsPath);
  return new Daemon({
    places: () => ({
      setting: text('daemon.path'),
      extensionFolder: extension.extensionPath,
      storageFolder: extension.globalStorageUri.fsPath,
      workspaceFolders: folders(),
      trusted: workspace.isTrusted,
      windows: process.platform === 'win32',
      isFile,
    }),
    hello: () => {
      const models = text('models.directory');
      const runs = text('runs.directory');
      return {
        client: `vscode-opdcode ${version}`,
        processId: process.pid,
        workspaceFolders: folders(),
        chosenPaths: [...(models === '' ? [] : [models]), ...extension.globalState.get<string[]>(chosenModelsKey, [])],
        trusted: workspace.isTrusted,
        onWindowClose: setting('runs.onWindowClose', 'keepRunning'),
        ...(runs === '' ? {} : { runsDirectory: runs }),
      };
    },
    // Windows looks for programs in the working directory first: never in a folder that is not trusted.
    cwd: () => (workspace.isTrusted ? folders()[0] : undefined),
    extraEnv: () => ({
      ...setting<Record<string, string>>('daemon.extraEnv', {}),
      ...(text('runtime.path') === '' ? {} : { OPDCODE_NATIVE: text('runtime.path') }),
    }),
    startTimeout: () => setting('daemon.startTimeout', 60) * 1000,
    trace: () => setting<TraceLevel>('trace.server', 'off'),
    logLevel: () => setting<LogLevel>('daemon.logLevel', 'information'),
    log: (line) => channels.daemonLine(line),
    traceLog: (line) => channels.trace(line),
  });
}
