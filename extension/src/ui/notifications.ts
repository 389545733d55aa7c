import { commands, l10n, window, workspace } from 'vscode';
import type { LogOutputChannel } from 'vscode';
import { DaemonError, DaemonUnavailable } from '../daemon/errors';

const suppressed = 'suppressedWarnings';

/** Shows what went wrong, once, with the next step as a button. Cancelling is not an error. */
export async function showFailure(error: unknown, log: LogOutputChannel): Promise<void> {
  if (isCancellation(error)) return;
  const message = error instanceof Error ? error.message : String(error);
  log.error(error instanceof Error ? (error.stack ?? message) : message);
  if (error instanceof DaemonUnavailable) {
    const setUp = l10n.t('Set Up Daemon…');
    const trust = l10n.t('Manage Trust');
    const logs = l10n.t('Show Logs');
    const restart = l10n.t('Restart Daemon');
    const first = error.reason === 'missing' ? setUp : error.reason === 'restricted' ? trust : restart;
    const chosen = await window.showErrorMessage(message, first, logs);
    if (chosen === setUp) await commands.executeCommand('opdcode.setUpDaemon');
    if (chosen === trust) await commands.executeCommand('workbench.trust.manage');
    if (chosen === restart) await commands.executeCommand('opdcode.restartDaemon');
    if (chosen === logs) await commands.executeCommand('opdcode.showLogs');
    return;
  }
  if (error instanceof DaemonError) {
    const explain = l10n.t('Explain {0}', error.code);
    if ((await window.showErrorMessage(`${error.code}: ${message}`, explain)) === explain) await commands.executeCommand('opdcode.explainCode', error.code);
    return;
  }
  const logs = l10n.t('Show Logs');
  if ((await window.showErrorMessage(message, logs)) === logs) await commands.executeCommand('opdcode.showLogs');
}

/** Tells something that its reader can silence for good; gives the button that was pressed. */
export async function tell(id: string, message: string, ...buttons: string[]): Promise<string | undefined> {
  const configuration = workspace.getConfiguration('opdcode');
  const silenced = configuration.get<string[]>(suppressed, []);
  if (silenced.includes(id)) return undefined;
  const never = l10n.t("Don't Show Again");
  const chosen = await window.showInformationMessage(message, ...buttons, never);
  if (chosen !== never) return chosen;
  await configuration.update(suppressed, [...silenced, id], true);
  return undefined;
}

export function isCancellation(error: unknown): boolean {
  // -32800 is JSON-RPC's RequestCancelled.
  return error instanceof Error && (error.name === 'Canceled' || ('code' in error && error.code === -32800));
}
