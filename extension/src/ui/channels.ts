import { window } from 'vscode';
import type { Disposable, LogOutputChannel, OutputChannel } from 'vscode';
import { readLogLine } from '../daemon/logLine';

/** The output channels: the extension's, the daemon's, and a trace of the wire that only appears once something is traced. */
export class Channels implements Disposable {
  readonly extension: LogOutputChannel = window.createOutputChannel('OpdCode', { log: true });
  #daemon: LogOutputChannel | undefined;
  #trace: OutputChannel | undefined;
  readonly #recent: string[] = [];

  get daemon(): LogOutputChannel {
    return (this.#daemon ??= window.createOutputChannel('OpdCode Daemon', { log: true }));
  }

  /** The last lines of the daemon, for a report. */
  get recentDaemonLines(): readonly string[] {
    return this.#recent;
  }

  /** One line of the daemon's stderr: a JSON object, or whatever a native library wrote. */
  daemonLine(line: string): void {
    this.#recent.push(line);
    if (this.#recent.length > 200) this.#recent.shift();
    const { level, message } = readLogLine(line);
    if (level === 'error') this.daemon.error(message);
    else if (level === 'warning') this.daemon.warn(message);
    else if (level === 'debug') this.daemon.debug(message);
    else this.daemon.info(message);
  }

  trace(line: string): void {
    this.#trace ??= window.createOutputChannel('OpdCode Trace');
    this.#trace.appendLine(line);
  }

  dispose(): void {
    this.extension.dispose();
    this.#daemon?.dispose();
    this.#trace?.dispose();
  }
}
