import { commands } from 'vscode';
import type { Disposable } from 'vscode';
import type { Context } from '../context';
import { showFailure } from './notifications';

/** Registers a command whose failures are shown to people. */
export function command(ctx: Context, id: string, run: (...args: readonly unknown[]) => Promise<unknown> | undefined): Disposable {
  return commands.registerCommand(id, async (...args: readonly unknown[]) => {
    try {
      return await run(...args);
    } catch (error) {
      // Not awaited: a command has ended when its message is on the screen, not when it is dismissed.
      void showFailure(error, ctx.channels.extension);
      return undefined;
    }
  });
}
