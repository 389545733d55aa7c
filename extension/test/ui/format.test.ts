import { describe, expect, it } from 'vitest';
import { formatDifference, formatTick } from '../../src/ui/format';

describe('formatTick', () => {
  it('leaves out zeros that say nothing, and only those', () => {
    expect([1.8, 0.30000000000000004, 0.005, 100, 0, -2.5, 1e-9].map(formatTick)).toEqual(['1.8', '0.3', '0.005', '100', '0', '−2.5', '1.00e-9']);
  });
});

describe('formatDifference', () => {
  it('always has a sign, except for nothing', () => {
    expect([0.25, -0.25, 0, null, undefined].map(formatDifference)).toEqual(['+0.2500', '−0.2500', '0', '–', '–']);
  });
});
