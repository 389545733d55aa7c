import { l10n, MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import type { Disposable } from 'vscode';
import type { Daemon, DaemonState } from '../daemon/daemon';
import type { Run } from '../daemon/protocol';
import { stateName } from './runState';
import { escapeMarkdown } from './text';

/** Steps are drawn at most this often; a new state at once. Milliseconds. */
const drawEvery = 1000;

/** The one status bar item: the daemon's state, and how far the active run is. Its tooltip is the menu. */
export class StatusBar implements Disposable {
  readonly #item = window.createStatusBarItem('opdcode.status', StatusBarAlignment.Left, 10);
  readonly #subscriptions: Disposable[] = [];
  readonly #active = new Map<string, Run>();
  #drawing: NodeJS.Timeout | undefined;
  /** What the tooltip was made for. */
  #told: string | undefined;

  constructor(
    private readonly daemon: Daemon,
    private readonly extensionVersion: string,
  ) {
    this.#item.name = 'OpdCode';
    this.#item.command = 'opdcode.showMenu';
    this.#subscriptions.push(
      daemon.onDidChangeState((state) => {
        if (state.kind !== 'running') this.#active.clear();
        this.#draw();
      }),
      daemon.onDidChangeRuns((changed) => {
        let atOnce = changed.removed.length > 0;
        for (const run of changed.runs) {
          atOnce ||= this.#active.get(run.id)?.state !== run.state;
          if (isActive(run)) this.#active.set(run.id, run);
          else this.#active.delete(run.id);
        }
        for (const id of changed.removed) this.#active.delete(id);
        if (atOnce) this.#draw();
        else this.#drawing ??= setTimeout(() => this.#draw(), drawEvery);
      }),
    );
    this.#draw();
    this.#item.show();
  }

  dispose(): void {
    clearTimeout(this.#drawing);
    this.#item.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #draw(): void {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    const { text, label, tip, error } = describe(this.daemon.state, [...this.#active.values()]);
    this.#item.text = text;
    this.#item.accessibilityInformation = { label, role: 'button' };
    this.#item.backgroundColor = error ? new ThemeColor('statusBarItem.errorBackground') : undefined;
    // VS Code reads every tooltip that is set as Markdown: one without the step serves as long as the state does.
    const told = JSON.stringify([tip, this.daemon.state]);
    if (told === this.#told) return;
    this.#told = told;
    this.#item.tooltip = this.#tooltip(tip);
  }

  #tooltip(label: string): MarkdownString {
    const menu = new MarkdownString();
    // Only these commands, and no text of others unescaped.
    menu.isTrusted = { enabledCommands: ['opdcode.showLogs', 'opdcode.restartDaemon', 'opdcode.setUpDaemon', 'opdcode.showMachine', 'opdcode.openRuns'] };
    menu.appendMarkdown(`${escapeMarkdown(label)}\n\n`);
    const state = this.daemon.state;
    menu.appendMarkdown(`${escapeMarkdown(l10n.t('Extension {0}', this.extensionVersion))}  \n`);
    if (state.kind === 'running') menu.appendMarkdown(`${escapeMarkdown(l10n.t('Daemon {0}, process {1}', state.hello.daemonVersion, state.hello.processId))}  \n${escapeMarkdown(state.location.path)}\n\n`);
    const links: [string, string][] = [
      ['opdcode.showMachine', l10n.t('Show Machine')],
      ['opdcode.openRuns', l10n.t('Open Runs')],
      ['opdcode.restartDaemon', l10n.t('Restart Daemon')],
      ['opdcode.showLogs', l10n.t('Show Logs')],
    ];
    if (state.kind === 'unavailable') links.unshift(['opdcode.setUpDaemon', l10n.t('Set Up Daemon…')]);
    menu.appendMarkdown(links.map(([command, title]) => `[${escapeMarkdown(title)}](command:${command})`).join(' · '));
    return menu;
  }
}

export function isActive(run: Run): boolean {
  return ['starting', 'running', 'pausing', 'paused', 'stopping', 'aborting'].includes(run.state);
}

/** The item's text, what a screen reader says of it, and what its tooltip says, which stays while a run goes on. */
function describe(state: DaemonState, active: readonly Run[]): { text: string; label: string; tip: string; error: boolean } {
  const plain = (text: string, label: string, error = false): { text: string; label: string; tip: string; error: boolean } => ({ text, label, tip: label, error });
  switch (state.kind) {
    case 'stopped':
      return plain('OpdCode', l10n.t('OpdCode: the daemon starts when it is needed'));
    case 'starting':
      return plain('$(loading~spin) OpdCode', l10n.t('OpdCode: the daemon is starting'));
    case 'unavailable':
      return plain('$(error) OpdCode', l10n.t('OpdCode: {0}', state.error.message), true);
    case 'running': {
      const run = active.find((candidate) => candidate.state === 'running') ?? active[0];
      if (!run) return plain('$(check) OpdCode', l10n.t('OpdCode: ready, no run is active'));
      const icon = run.state === 'paused' ? '$(debug-pause)' : '$(sync~spin)';
      return {
        text: `${icon} OpdCode ${run.step}/${run.steps}`,
        label: l10n.t('OpdCode: {0} is {1}, step {2} of {3}', run.name, stateName(run), run.step, run.steps),
        tip: active.length > 1 ? l10n.t('OpdCode: {0} and {1} more', run.name, active.length - 1) : l10n.t('OpdCode: {0} is {1}', run.name, stateName(run)),
        error: false,
      };
    }
  }
}
