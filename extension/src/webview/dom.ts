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

/** Draws something anew; the focus stays on the element that stands for the same thing: by `data-focus`, in the row of the same run. */
export function keepingFocus(root: HTMLElement, draw: () => void): void {
  const active = document.activeElement;
  const held = active instanceof HTMLElement && root.contains(active) ? active : undefined;
  const name = held?.dataset['focus'];
  const run = held?.closest<HTMLElement>('[data-run]')?.dataset['run'];
  draw();
  if (name === undefined) return;
  const found = [...root.querySelectorAll<HTMLElement>('[data-focus]')].find((element) => element.dataset['focus'] === name && element.closest<HTMLElement>('[data-run]')?.dataset['run'] === run);
  found?.focus();
}
