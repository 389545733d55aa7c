/** Texts of the bundle for translators, by key. */
export function metricTexts(root: string): Record<string, string>;
