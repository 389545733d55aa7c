import type { TokenColumn } from '../daemon/protocol';
import type { Level } from './palette';

export type Scale = 'fixed' | 'sample' | 'user';
export type Grouping = 'token' | 'word' | 'line';

export interface Scaling {
  readonly scale: Scale;
  readonly grouping: Grouping;
  /** For the user's scale: where levels 1, 2 and 3 begin, as distances from the neutral value. */
  readonly userThresholds: readonly number[];
}

/** The levels to colour by: the daemon's own, except on the user's scale, where its values are held against the user's thresholds. */
export function levelsOf(column: TokenColumn, { scale, grouping, userThresholds }: Scaling): readonly number[] {
  if (grouping === 'word') return column.wordLevels;
  if (grouping === 'line') return column.lineLevels;
  if (scale === 'sample') return column.sampleLevels;
  if (scale === 'fixed') return column.levels;
  return column.values.map((value) => {
    if (value === null) return 0;
    const size = Math.abs(value - column.neutral);
    let level = 0;
    for (const threshold of userThresholds.slice(0, 3)) if (size >= threshold) level++;
    return column.hasSign && value < column.neutral ? -level : level;
  });
}

/** Where levels 1, 2 and 3 begin. */
export function thresholdsOf(column: TokenColumn, { scale, grouping, userThresholds }: Scaling): readonly number[] {
  if (grouping !== 'token' || scale === 'fixed') return column.thresholds;
  return scale === 'sample' ? column.sampleThresholds : userThresholds;
}

/** How many tokens are at each level, -3 to 3; those that are not trained on do not count. */
export function countLevels(levels: readonly number[], mask: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  levels.forEach((level, token) => {
    if (mask[token] !== 0) counts.set(level, (counts.get(level) ?? 0) + 1);
  });
  return counts;
}

export function strength(level: number | undefined): 0 | Level {
  switch (level) {
    case 1:
    case -1:
      return 1;
    case 2:
    case -2:
      return 2;
    case 3:
    case -3:
      return 3;
    default:
      return 0;
  }
}

/** Tokens by how far they are from the value that says nothing, farthest first. */
export function byDistance({ values, neutral }: Pick<TokenColumn, 'values' | 'neutral'>): number[] {
  const distance = values.map((value) => (value === null ? -1 : Math.abs(value - neutral)));
  return values.map((_, token) => token).sort((a, b) => (distance[b] ?? 0) - (distance[a] ?? 0) || a - b);
}
