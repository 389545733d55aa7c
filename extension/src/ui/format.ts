/** How numbers of the daemon are written for people. The only place in the extension that works on them; it changes units, never meanings. */

/** A metric: four significant digits, a real minus sign, and a dash for what is not a finite number. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(2) : Number.isInteger(value) && size < 1e6 ? String(value) : value.toPrecision(size >= 1000 ? 5 : 4);
  return text.replace('-', '−').replace('e−', 'e-').replace('e+', 'e');
}

/** A metric on an axis, without the zeros that say nothing. */
export function formatTick(value: number | null | undefined): string {
  const text = formatNumber(value);
  return text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text;
}

/** A difference, which always has a sign. */
export function formatDifference(value: number | null | undefined): string {
  return value !== null && value !== undefined && value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

/** Where a level begins: short. */
export function formatThreshold(value: number | undefined): string {
  return value === undefined ? '–' : String(Number(value.toPrecision(3)));
}

export function formatWithUnit(value: number | null | undefined, unit: string | null | undefined): string {
  const text = formatNumber(value);
  return unit === null || unit === undefined || unit === '' || text === '–' ? text : `${text} ${unit}`;
}

/** A log-probability in nats as the probability that people read. */
export function formatProbability(logprob: number | null | undefined): string {
  if (logprob === null || logprob === undefined) return '0';
  const p = Math.exp(logprob);
  if (p >= 0.9995) return '1.000';
  return p >= 0.001 ? p.toFixed(3) : p.toExponential(1).replace('e-', 'e−');
}

export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;
}

export function formatPercent(fraction: number | null | undefined): string {
  return share0(fraction);
}

function share0(fraction: number | null | undefined): string {
  return fraction === null || fraction === undefined ? '–' : `${Math.round(fraction * 100)} %`;
}

export function formatGigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e3).toFixed(0)} kB`;
}

/** Seconds as `1 h 05 min`, `3 min 20 s`, `12 s`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  if (minutes > 0) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${whole} s`;
}

/** From one time to another, seconds. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
