/** Level and text of a log line. */
export function readLogLine(line: string): { level: 'debug' | 'info' | 'warning' | 'error'; message: string } {
  if (!line.startsWith('{')) return { level: 'info', message: line };
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return { level: 'info', message: line };
    const fields = new Map<string, unknown>(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
    const message = fields.get('message') ?? fields.get('msg');
    const named = fields.get('level') ?? fields.get('loglevel');
    const level = typeof named === 'string' ? named.toLowerCase() : 'info';
    const kind = /^(err|crit|fatal|fail)/.test(level) ? 'error' : level.startsWith('warn') ? 'warning' : /^(debug|trace|verbose)/.test(level) ? 'debug' : 'info';
    return { level: kind, message: typeof message === 'string' ? message : line };
  } catch (error) {
    if (error instanceof SyntaxError) return { level: 'info', message: line };
    throw error;
  }
}
