import { ProgressLocation, window } from 'vscode';
import type { CancellationToken } from 'vscode';

/** A notification with a Cancel button that only appears when the work takes longer than a second. */
export async function withDelayedProgress<T>(
  title: string,
  work: (report: (message: string, fraction?: number | null) => void, cancel: CancellationToken) => Promise<T>,
  delay = 1000,
): Promise<T> {
  let reportNow: ((message: string, fraction?: number | null) => void) | undefined;
  const listeners: (() => void)[] = [];
  let cancelled = false;
  const cancel: CancellationToken = {
    get isCancellationRequested() {
      return cancelled;
    },
    onCancellationRequested: (listener) => {
      const call = (): void => {
        listener(undefined);
      };
      listeners.push(call);
      return { dispose: () => listeners.splice(listeners.indexOf(call), 1) };
    },
  };
  const running = work((message, fraction) => reportNow?.(message, fraction), cancel);
  const timer = setTimeout(() => {
    void window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
      token.onCancellationRequested(() => {
        cancelled = true;
        for (const listener of [...listeners]) listener();
      });
      let shown = 0;
      reportNow = (message, fraction) => {
        const percent = fraction === null || fraction === undefined ? shown : fraction * 100;
        progress.report({ message, increment: Math.max(0, percent - shown) });
        shown = Math.max(shown, percent);
      };
      await running.then(
        () => undefined,
        () => undefined, // whoever waits for `running` below is told
      );
    });
  }, delay);
  try {
    return await running;
  } finally {
    clearTimeout(timer);
  }
}
