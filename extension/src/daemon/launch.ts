import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { DaemonLocation } from './locate';

/** From the least said to the most. */
export type LogLevel = 'error' | 'warning' | 'information' | 'debug';

/** How the process ended, as far as the system says. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last lines it wrote to stderr. */
  readonly lastLines: readonly string[];
}

export interface LaunchedDaemon {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when the process is gone; also when it never came to be. */
  readonly ended: Promise<Ending>;
}

const lastLinesKept = 20;

/** Starts the daemon. Its stderr is one JSON object a line, which goes to `log`. */
export function launchDaemon(location: DaemonLocation, level: LogLevel, cwd: string | undefined, env: NodeJS.ProcessEnv, log: (line: string) => void): LaunchedDaemon {
  const child = spawn(location.command, [...location.args, 'serve', '--log-level', level], { cwd, env, stdio: 'pipe', windowsHide: true });
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLines.push(line);
    if (lastLines.length > lastLinesKept) lastLines.shift();
    log(line);
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ exitCode: null, signal: null, lastLines: [...lastLines, error.message] }));
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, lastLines }));
  });
  return { child, ended };
}
