import type { ExtensionContext } from 'vscode';
import type { Daemon } from './daemon/daemon';
import type { Channels } from './ui/channels';

/** What every feature is given. Features know nothing of each other; they meet in commands. */
export interface Context {
  readonly extension: ExtensionContext;
  readonly daemon: Daemon;
  readonly channels: Channels;
}
