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

const orange: SideColours = {
  fills: [
    { light: '#F688003C', dark: '#AB67123C' },
    { light: '#F2810077', dark: '#CC77005A' },
    { light: '#EA7800B4', dark: '#975A00BB' },
  ],
  accent: { light: '#B45309', dark: '#F0A04B', highContrast: '#FFB454', highContrastLight: '#8A3B00' },
};

const blue: SideColours = {
  fills: [
    { light: '#5195D03C', dark: '#0E67B43C' },
    { light: '#0068BB56', dark: '#159BFF4A' },
    { light: '#006ABD87', dark: '#139EFE6E' },
  ],
  accent: { light: '#0B6BB3', dark: '#5AA9E6', highContrast: '#6CC4FF', highContrastLight: '#004C8C' },
};

const viridisUp: SideColours = {
  fills: [
    { light: '#B8DE2940', dark: '#B8DE2926' },
    { light: '#29AF7F66', dark: '#29AF7F59' },
    { light: '#2D708E80', dark: '#2D8AAE80' },
  ],
  accent: { light: '#1F6B57', dark: '#55C667', highContrast: '#B8DE29', highContrastLight: '#1B5E4B' },
};

const viridisDown: SideColours = {
  fills: [
    { light: '#482FA226', dark: '#7A5BE033' },
    { light: '#482FA240', dark: '#7A5BE059' },
    { light: '#482FA25A', dark: '#7A5BE080' },
  ],
  accent: { light: '#482FA2', dark: '#A892F0', highContrast: '#C9B8FF', highContrastLight: '#3B2690' },
};

const grey: SideColours = {
  fills: [
    { light: '#00000014', dark: '#FFFFFF14' },
    { light: '#00000026', dark: '#FFFFFF26' },
    { light: '#0000003D', dark: '#FFFFFF38' },
  ],
  accent: { light: '#404040', dark: '#C0C0C0', highContrast: '#FFFFFF', highContrastLight: '#000000' },
};

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

/** The lines of charts: eight hues that stay apart under the common kinds of colour blindness, each with a dash pattern of its own. */
export const lineColours: readonly { readonly light: string; readonly dark: string; readonly dash: readonly number[] }[] = [
  { light: '#0B6BB3', dark: '#5AA9E6', dash: [] },
  { light: '#B45309', dark: '#F0A04B', dash: [8, 4] },
  { light: '#1F7A4D', dark: '#4FC38A', dash: [2, 3] },
  { light: '#8B3A8B', dark: '#D78BD7', dash: [10, 3, 2, 3] },
  { light: '#5C5C00', dark: '#D6D06B', dash: [4, 2] },
  { light: '#A3262A', dark: '#FF8A84', dash: [12, 4] },
  { light: '#006D77', dark: '#5FD3DC', dash: [6, 2, 2, 2] },
  { light: '#4A4A4A', dark: '#C8C8C8', dash: [1, 2] },
];
