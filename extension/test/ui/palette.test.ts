import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { accentColourId, contributedColours, fillColourId, levels, notTrainedColourId, paletteNames, sides } from '../../src/ui/palette';
import { curveStyles } from '../../src/webview/runs/colours';

type Rgb = readonly [number, number, number];
const manifestPath = fileURLToPath(new URL('../../package.json', import.meta.url));
const nlsPath = fileURLToPath(new URL('../../package.nls.json', import.meta.url));
/** Editor background and foreground of VS Code's default themes. */
const themes = {
  light: { background: '#FFFFFF', foreground: '#3B3B3B' },
  dark: { background: '#1F1F1F', foreground: '#CCCCCC' },
  highContrast: { background: '#000000', foreground: '#FFFFFF' },
  highContrastLight: { background: '#FFFFFF', foreground: '#292929' },
} as const;
/** The measured colours: what a fill must be over the default background. */
const measured = {
  light: { positive: ['#FDE3C4', '#F9C488', '#F0A04B'], negative: ['#D6E6F4', '#A9CCE8', '#78B0DC'] },
  dark: { positive: ['#40301C', '#5C3E14', '#774A08'], negative: ['#1B3042', '#1C4360', '#1A567F'] },
} as const;

function parse(hex: string): Rgb & { readonly alpha?: number } {
  const part = (at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);
  return Object.assign([part(1), part(3), part(5)] as const, { alpha: hex.length > 7 ? part(7) / 255 : 1 });
}

function over(fill: string, background: string): Rgb {
  const top = parse(fill);
  const below = parse(background);
  const mix = (at: 0 | 1 | 2): number => Math.round((top.alpha ?? 1) * top[at] + (1 - (top.alpha ?? 1)) * below[at]);
  return [mix(0), mix(1), mix(2)];
}

/** WCAG 2.2 contrast ratio. */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = (rgb: Rgb): number => {
    const [red, green, blue] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const colours = contributedColours();
const colour = (id: string): { light: string; dark: string; highContrast: string; highContrastLight: string } => colours.get(id) ?? { light: '', dark: '', highContrast: '', highContrastLight: '' };

describe('palette', () => {
  it('fills compose to the measured colours over the default backgrounds', () => {
    for (const theme of ['light', 'dark'] as const) {
      for (const side of sides) {
        for (const level of levels) {
          const wanted = parse(measured[theme][side][level - 1] ?? '');
          const composed = over(colour(fillColourId('blueOrange', side, level))[theme], themes[theme].background);
          // One step of 256 is what rounding to eight bits costs.
          for (const at of [0, 1, 2] as const) expect(Math.abs(composed[at] - wanted[at])).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it('text on every fill of every palette has a contrast of at least 4.5', () => {
    for (const palette of paletteNames) {
      for (const side of sides) {
        for (const level of levels) {
          for (const theme of ['light', 'dark'] as const) {
            const ratio = contrast(over(colour(fillColourId(palette, side, level))[theme], themes[theme].background), parse(themes[theme].foreground));
            expect(ratio, `${palette} ${side} ${level} ${theme}`).toBeGreaterThanOrEqual(4.5);
          }
        }
      }
    }
  });

  it('the borders that work without colour have a contrast of at least 3, in high contrast themes 7', () => {
    for (const palette of paletteNames) {
      for (const side of sides) {
        for (const [theme, { background }] of Object.entries(themes)) {
          const ratio = contrast(parse(colour(accentColourId(palette, side))[theme as keyof typeof themes]), parse(background));
          expect(ratio, `${palette} ${side} ${theme}`).toBeGreaterThanOrEqual(theme.startsWith('high') ? 7 : 3);
        }
      }
    }
  });

  it('high contrast themes get no fill', () => {
    for (const side of sides) for (const level of levels) expect(colour(fillColourId('blueOrange', side, level))).toMatchObject({ highContrast: '#00000000', highContrastLight: '#00000000' });
  });

  it('text that is not trained on stays readable', () => {
    for (const [theme, { background }] of Object.entries(themes)) expect(contrast(parse(colour(notTrainedColourId)[theme as keyof typeof themes]), parse(background)), theme).toBeGreaterThanOrEqual(4.5);
  });

  it('lines of charts have a contrast of at least 3', () => {
    for (const line of curveStyles) {
      expect(contrast(parse(line.light), parse('#FFFFFF'))).toBeGreaterThanOrEqual(3);
      expect(contrast(parse(line.dark), parse('#1F1F1F'))).toBeGreaterThanOrEqual(3);
    }
  });

  it('package.json contributes exactly the palette', () => {
    const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { contributes: { colors: unknown[] } };
    const expected = [...colours].map(([id, defaults]) => ({ id, description: `%color.${id}%`, defaults }));
    if (process.env['OPDCODE_UPDATE'] === '1') {
      manifest.contributes.colors = expected;
      writeFileSync(manifestPath, `${JSON.stringify(manifest, undefined, 2)}\n`);
      const texts = JSON.parse(readFileSync(nlsPath, 'utf8')) as Record<string, string>;
      for (const id of colours.keys()) texts[`color.${id}`] = describeColour(id);
      writeFileSync(nlsPath, `${JSON.stringify(texts, undefined, 2)}\n`);
    }
    expect((JSON.parse(readFileSync(manifestPath, 'utf8')) as typeof manifest).contributes.colors).toEqual(expected);
  });
});

function describeColour(id: string): string {
  if (id === notTrainedColourId) return 'Text of a sample that was not trained on.';
  const [, palette = '', side = '', rest = ''] = /heatmap\.(\w+)\.(positive|negative)(.*)/.exec(id) ?? [];
  const sign = side === 'positive' ? 'above zero' : 'below zero';
  return rest === 'Accent' ? `Lines and marks of tokens ${sign} (palette ${palette}).` : `Background of tokens ${sign} at level ${rest} of 3 (palette ${palette}).`;
}
