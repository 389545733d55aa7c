import { describe, expect, it } from 'vitest';
import { chartCsv, csvCell, mergeCurves, toCharts } from '../../src/webview/runs/curves';
import { chartSvg } from '../../src/webview/runs/svg';

const curves = {
  curves: [
    { runId: 'a', name: 'zeta', steps: [1, 2], values: [1, 2], points: 2 },
    { runId: 'a', name: 'loss', steps: [1, 2, 4], values: [3, null, 1], smoothed: [3, 2.5, 2], points: 3 },
    { runId: 'b', name: 'loss', steps: [2, 3], values: [5, 4], points: 2 },
  ],
  labels: { loss: { title: 'Loss', unit: 'nats per token' } },
};

describe('toCharts', () => {
  it('puts runs on a common list of steps, the important metrics first', () => {
    const [loss, zeta] = toCharts(curves);
    expect(loss).toMatchObject({ name: 'loss', steps: [1, 2, 3, 4] });
    expect(loss?.series).toEqual([
      { runId: 'a', values: [3, 2.5, null, 2], raw: [3, null, null, 1] },
      { runId: 'b', values: [null, 5, 4, null], raw: [null, 5, 4, null] },
    ]);
    expect(zeta?.label.title).toBe('zeta');
  });

  it('takes newer curves of one run over, in their places, and keeps the others', () => {
    const newer = { curves: [{ runId: 'a', name: 'loss', steps: [1, 5], values: [3, 0], points: 2 }], labels: { zeta: { title: 'Zeta' } } };
    const merged = mergeCurves(curves, newer);
    expect(merged.curves.map(({ runId, name }) => `${runId} ${name}`)).toEqual(['a zeta', 'a loss', 'b loss']);
    expect(merged.curves[1]?.steps).toEqual([1, 5]);
    expect(Object.keys(merged.labels)).toEqual(['loss', 'zeta']);
  });

  it('exports raw values as CSV', () => {
    const [loss] = toCharts(curves);
    expect(loss && chartCsv(loss, (id) => (id === 'a' ? '=evil()' : 'b, c'))).toBe(`step,'=evil(),"b, c"\n1,3,\n2,,5\n3,,4\n4,1,\n`);
  });

  it('draws an SVG without a number that is not finite, and with names as text', () => {
    const [loss] = toCharts(curves);
    const svg = loss ? chartSvg(loss, [{ id: 'a', name: '<script>' }], 'Loss & more', '') : '';
    expect(svg).not.toMatch(/NaN|Infinity|<script/);
    expect(svg).toContain('Loss &#38; more');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
  });
});

describe('csvCell', () => {
  it('does not let a spreadsheet run a cell', () => {
    expect(['=1+1', '-5', '+x', '@y', 'a"b'].map(csvCell)).toEqual(["'=1+1", '-5', "'+x", "'@y", '"a""b"']);
  });
});
