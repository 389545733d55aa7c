import { join } from 'node:path';

/** Where a daemon came from, in the order in which places are looked at. */
export type DaemonOrigin = 'setting' | 'bundled' | 'setUp' | 'repository';

export interface DaemonLocation {
  readonly kind: 'found';
  readonly origin: DaemonOrigin;
  readonly command: string;
  readonly args: readonly string[];
  /** The file itself, for people. */
  readonly path: string;
}

export type Located =
  | DaemonLocation
  /** The setting names a file that is not there: never fall back silently from what the user asked for. */
  | { readonly kind: 'settingWrong'; readonly path: string }
  /** A built one is there, but the folder is not trusted. */
  | { readonly kind: 'untrusted'; readonly path: string }
  | { readonly kind: 'missing'; readonly looked: readonly string[] };

export interface Places {
  readonly setting: string | undefined;
  readonly extensionFolder: string;
  /** Where Set Up Daemon puts what it made. */
  readonly storageFolder: string;
  readonly workspaceFolders: readonly string[];
  readonly trusted: boolean;
  readonly windows: boolean;
  readonly isFile: (path: string) => boolean;
}

/** Finds the daemon: the setting, then the one in the extension, then what Set Up made, then a build in an open repository. */
export function locateDaemon(places: Places): Located {
  if (places.setting !== undefined && places.setting !== '') {
    return places.isFile(places.setting) ? found('setting', places.setting) : { kind: 'settingWrong', path: places.setting };
  }
  const looked: string[] = [];
  const first = (origin: DaemonOrigin, folders: readonly string[]): DaemonLocation | undefined => {
    for (const folder of folders) {
      for (const name of places.windows ? ['opdcode.exe', 'opdcode.dll'] : ['opdcode', 'opdcode.dll']) {
        const path = join(folder, name);
        looked.push(path);
        if (places.isFile(path)) return found(origin, path);
      }
    }
    return undefined;
  };
  const own = first('bundled', [join(places.extensionFolder, 'daemon')]) ?? first('setUp', [join(places.storageFolder, 'daemon')]);
  if (own) return own;
  // Under development the extension lies inside the repository whose daemon it talks to.
  const repositories = [...places.workspaceFolders, join(places.extensionFolder, '..')].filter((folder) => places.isFile(join(folder, 'OpdCode.sln')));
  const built = first('repository', repositories.flatMap((folder) => ['release', 'debug'].map((kind) => join(folder, 'artifacts', 'bin', 'OpdCode.Daemon', kind))));
  if (built) return places.trusted ? built : { kind: 'untrusted', path: built.path };
  return { kind: 'missing', looked };
}

function found(origin: DaemonOrigin, path: string): DaemonLocation {
  const isAssembly = path.toLowerCase().endsWith('.dll');
  return { kind: 'found', origin, path, command: isAssembly ? 'dotnet' : path, args: isAssembly ? [path] : [] };
}
