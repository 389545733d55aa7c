/** Makes an element. Text goes in as text nodes only: nothing that others wrote is ever read as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean | undefined>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

/** Puts values into `{0}`, `{1}` … */
export function fill(template: string, ...values: readonly (string | number)[]): string {
  return template.replace(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
}

/** The kind of theme that VS Code has set on the body. */
export function isDark(): boolean {
  const kind = document.body.getAttribute('data-vscode-theme-kind') ?? '';
  return kind === 'vscode-dark' || kind === 'vscode-high-contrast';
}
