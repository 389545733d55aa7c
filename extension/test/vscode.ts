/** The part of VS Code's API that plain modules use, for unit tests. Real behaviour is tested in tests/e2e. */

/** By message, for tests of another language. */
export const translations = new Map<string, string>();

export const l10n = {
  t: (message: string, ...args: readonly (string | number)[]): string => (translations.get(message) ?? message).replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)] ?? '')),
};

export class EventEmitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose: () => void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query: string,
  ) {}

  static from({ scheme, path, query = '' }: { scheme: string; path: string; query?: string }): Uri {
    return new Uri(scheme, path, query);
  }

  toString(): string {
    return `${this.scheme}:${this.path}${this.query === '' ? '' : `?${this.query}`}`;
  }
}
