import type { ErrorData } from './protocol';

/** A failure that the daemon explained: a stable code, a message for people, and the page about the code. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError';

  constructor(
    readonly code: string,
    message: string,
    readonly help: string | undefined,
  ) {
    super(message);
  }
}

/** The daemon could not be asked: it was not found, did not start, or ended. */
export class DaemonUnavailable extends Error {
  override readonly name = 'DaemonUnavailable';

  constructor(
    message: string,
    readonly reason: 'missing' | 'failed' | 'version' | 'restricted' | 'stopped',
  ) {
    super(message);
  }
}

/** Turns what a JSON-RPC peer threw into the error that people are shown. */
export function toDaemonError(error: unknown): Error {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : undefined;
  if (isErrorData(data)) return new DaemonError(data.code, data.message, data.help);
  return error instanceof Error ? error : new Error(String(error));
}

function isErrorData(value: unknown): value is ErrorData {
  return (
    typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string' && 'message' in value && typeof value.message === 'string'
  );
}
