/** How the curve of one run is drawn. Colour never carries meaning alone: every run has its own dashes. */
export interface CurveStyle {
  readonly light: string;
  readonly dark: string;
  readonly dash: readonly number[];
}

export const curveStyles: readonly CurveStyle[] = [
  { light: '#0B6BB3', dark: '#5AA9E6', dash: [] },
  { light: '#B45309', dark: '#F0A04B', dash: [8, 4] },
  { light: '#1F7A4D', dark: '#4FC38A', dash: [2, 3] },
  { light: '#8B3A8B', dark: '#D78BD7', dash: [10, 3, 2, 3] },
  { light: '#5C5C00', dark: '#D6D06B', dash: [4, 2] },
  { light: '#A3262A', dark: '#FF8A84', dash: [12, 4] },
  { light: '#006D77', dark: '#5FD3DC', dash: [6, 2, 2, 2] },
  { light: '#4A4A4A', dark: '#C8C8C8', dash: [1, 2] },
];
