import { Disposable, EventEmitter, FilePermission, FileSystemError, FileType } from 'vscode';
import type { FileChangeEvent, FileStat, FileSystemProvider, Uri } from 'vscode';
import type { SampleStore } from './store';

/**
 * Samples as read-only files of a file system of their own. Unlike documents of a content provider, such editors come
 * back by themselves when the window is reloaded.
 */
export class SampleFiles implements FileSystemProvider {
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;

  constructor(private readonly store: SampleStore) {}

  async stat(uri: Uri): Promise<FileStat> {
    return { type: FileType.File, ctime: 0, mtime: 0, size: (await this.readFile(uri)).byteLength, permissions: FilePermission.Readonly };
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    const { layout } = await this.store.get(uri);
    // A zero character would make VS Code take the text for a binary file; its sign takes as many places.
    return Buffer.from(layout.text.replaceAll('\u0000', '\u2400'), 'utf8');
  }

  /** A recorded rollout never changes. */
  watch(): Disposable {
    return new Disposable(() => undefined);
  }

  readDirectory(): [string, FileType][] {
    return [];
  }

  createDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  delete(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  rename(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
}
