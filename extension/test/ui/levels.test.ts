import { describe, expect, it } from 'vitest';
import type { TokenColumn } from '../../src/daemon/protocol';
import { byDistance, countLevels, levelsOf, thresholdsOf } from '../../src/ui/levels';

const column: TokenColumn = {
  name: 'logRatio',
  label: { title: 'Log-ratio', unit: 'nats' },
  values: [0.1, -0.6, 1.5, -3, null],
  hasSign: true,
  neutral: 0,
  thresholds: [1, 2, 3],
  sampleThresholds: [0.5, 1, 2],
  levels: [0, 0, 1, -3, 0],
  sampleLevels: [0, -1, 2, -3, 0],
  wordLevels: [1, 1, 1, 1, 1],
  lineLevels: [2, 2, 2, 2, 2],
};
const user = { userThresholds: [0.05, 0.5, 1], grouping: 'token' as const };

describe('levelsOf', () => {
  it("takes the daemon's levels", () => {
    expect(levelsOf(column, { ...user, scale: 'fixed' })).toBe(column.levels);
    expect(levelsOf(column, { ...user, scale: 'sample' })).toBe(column.sampleLevels);
    expect(levelsOf(column, { ...user, scale: 'fixed', grouping: 'word' })).toBe(column.wordLevels);
    expect(levelsOf(column, { ...user, scale: 'fixed', grouping: 'line' })).toBe(column.lineLevels);
  });

  it("holds the daemon's values against the user's thresholds", () => {
    expect(levelsOf(column, { ...user, scale: 'user' })).toEqual([1, -2, 3, -3, 0]);
    expect(levelsOf({ ...column, hasSign: false }, { ...user, scale: 'user' })).toEqual([1, 2, 3, 3, 0]);
  });

  it('names the thresholds that count', () => {
    expect(thresholdsOf(column, { ...user, scale: 'sample' })).toEqual([0.5, 1, 2]);
    expect(thresholdsOf(column, { ...user, scale: 'user', grouping: 'word' })).toEqual([1, 2, 3]);
  });
});

describe('countLevels', () => {
  it('leaves out what is not trained on', () => {
    expect([...countLevels([1, 1, -3, 0], [1, 0, 1, 1])]).toEqual([[1, 1], [-3, 1], [0, 1]]);
  });
});

describe('byDistance', () => {
  it('puts the farthest from neutral first and equal ones in order', () => {
    expect(byDistance({ values: [0.5, -2, null, 2, 0], neutral: 0 })).toEqual([1, 3, 0, 4, 2]);
    expect(byDistance({ values: [1, 0, 3], neutral: 1 })).toEqual([2, 1, 0]);
  });
});
