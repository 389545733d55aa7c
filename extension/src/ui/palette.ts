/**
 * The colours of the heatmap. Positive: the student is more confident than the teacher (orange); negative: blue.
 * Fills are translucent so that selection and search marks stay visible; over the default editor backgrounds
 * (#FFFFFF, #1F1F1F) they compose exactly to the measured colours in `over`. Fill alone never carries meaning:
 * every level has its own border style. High contrast themes get no fill.
 */
export type PaletteName = 'blueOrange' | 'viridis' | 'grey';
export type Side = 'positive' | 'negative';
export type Level = 1 | 2 | 3;

export interface ThemeColours {
  readonly light: string;
  readonly dark: string;
  readonly highContrast: string;
  readonly highContrastLight: string;
}

interface SideColours {
  readonly fills: readonly [Fill, Fill, Fill];
  readonly accent: ThemeColours;
}

interface Fill {
  readonly light: string;
  readonly dark: string;
}

export const paletteNames: readonly PaletteName[] = ['blueOrange', 'viridis', 'grey'];
export const sides: readonly Side[] = ['positive', 'negative'];
export const levels: readonly Level[] = [1, 2, 3];

/** Works without colour: one style a level. */
export const borderStyles: Readonly<Record<Level, string>> = { 1: 'dotted', 2: 'dashed', 3: 'double' };

const none = '#00000000';

/** Light and dark. */
type FillPair = readonly [string, string];

/** Fills of levels 1 to 3, and the accent in light, dark, high contrast dark and high contrast light themes. */
function sideColours(fills: readonly [FillPair, FillPair, FillPair], [light, dark, highContrast, highContrastLight]: readonly [string, string, string, string]): SideColours {
  const fill = ([onLight, onDark]: FillPair): Fill => ({ light: onLight, dark: onDark });
  return { fills: [fill(fills[0]), fill(fills[1]), fill(fills[2])], accent: { light, dark, highContrast, highContrastLight } };
}

const orange = sideColours([['#F688003C', '#AB67123C'], ['#F2810077', '#CC77005A'], ['#EA7800B4', '#975A00BB']], ['#B45309', '#F0A04B', '#FFB454', '#8A3B00']);
const blue = sideColours([['#5195D03C', '#0E67B43C'], ['#0068BB56', '#159BFF4A'], ['#006ABD87', '#139EFE6E']], ['#0B6BB3', '#5AA9E6', '#6CC4FF', '#004C8C']);
const viridisUp = sideColours([['#B8DE2940', '#B8DE2926'], ['#29AF7F66', '#29AF7F59'], ['#2D708E80', '#2D8AAE80']], ['#1F6B57', '#55C667', '#B8DE29', '#1B5E4B']);
const viridisDown = sideColours([['#482FA226', '#7A5BE033'], ['#482FA240', '#7A5BE059'], ['#482FA25A', '#7A5BE080']], ['#482FA2', '#A892F0', '#C9B8FF', '#3B2690']);
const grey = sideColours([['#00000014', '#FFFFFF14'], ['#00000026', '#FFFFFF26'], ['#0000003D', '#FFFFFF38']], ['#404040', '#C0C0C0', '#FFFFFF', '#000000']);

const palettes: Readonly<Record<PaletteName, Readonly<Record<Side, SideColours>>>> = {
  blueOrange: { positive: orange, negative: blue },
  viridis: { positive: viridisUp, negative: viridisDown },
  // One hue: the sign is shown by the edge that the border is on (see `borderEdge`).
  grey: { positive: grey, negative: grey },
};

/** Where the border of a token runs: below, but above for the negative side of the palette that has one hue. */
export function borderEdge(palette: PaletteName, side: Side): 'bottom' | 'top' {
  return palette === 'grey' && side === 'negative' ? 'top' : 'bottom';
}

export function fillColourId(palette: PaletteName, side: Side, level: Level): string {
  return `opdcode.heatmap.${palette}.${side}${level}`;
}

export function accentColourId(palette: PaletteName, side: Side): string {
  return `opdcode.heatmap.${palette}.${side}Accent`;
}

/** Text that was not trained on: prompt, reference, masked tokens. */
export const notTrainedColourId = 'opdcode.heatmap.notTrainedForeground';
const notTrained: ThemeColours = { light: '#6A6A6A', dark: '#949494', highContrast: '#C8C8C8', highContrastLight: '#4A4A4A' };

/** Everything that package.json contributes, by id. */
export function contributedColours(): ReadonlyMap<string, ThemeColours> {
  const colours = new Map<string, ThemeColours>();
  for (const palette of paletteNames) {
    for (const side of sides) {
      const { fills, accent } = palettes[palette][side];
      for (const level of levels) {
        const fill = fills[level === 1 ? 0 : level === 2 ? 1 : 2];
        colours.set(fillColourId(palette, side, level), { ...fill, highContrast: none, highContrastLight: none });
      }
      colours.set(accentColourId(palette, side), accent);
    }
  }
  colours.set(notTrainedColourId, notTrained);
  return colours;
}
