import type { WhatIfSetting } from '../../daemon/protocol';
import { formatTick } from '../../ui/format';
import { h } from '../dom';
import type { FromWhatIfPanel, ToWhatIfPanel, WhatIfStrings } from '../messages';
import { setAt } from './path';
import './style.css';

declare function acquireVsCodeApi(): { postMessage(message: FromWhatIfPanel): void };

const askMilliseconds = 60;

/** Sliders for the settings that can be moved, the list itself as text, and what each stage did. */
class WhatIfPage {
  #request = 0;
  #asking: ReturnType<typeof setTimeout> | undefined;
  #moved: Map<string, number> | null = new Map();
  #sliders = new Map<string, { input: HTMLInputElement; output: HTMLOutputElement }>();
  readonly #settings = h('div', { class: 'settings' });
  readonly #notes = h('ul', { class: 'notes' });
  readonly #message = h('p', { class: 'message', role: 'alert' });
  readonly #list: HTMLTextAreaElement;

  constructor(
    private readonly post: (message: FromWhatIfPanel) => void,
    private readonly strings: WhatIfStrings,
    sample: string,
    private readonly original: string,
  ) {
    this.#list = h('textarea', { id: 'list', rows: '12', spellcheck: 'false', 'aria-describedby': 'list-hint' });
    this.#list.value = original;
    this.#list.addEventListener('input', () => {
      this.#moved = null;
      this.#askSoon();
    });
    const write = h('button', { type: 'button', class: 'primary' }, strings.write);
    write.addEventListener('click', () => this.post({ type: 'write', stabilizers: this.#list.value, moved: this.#moved === null ? null : [...this.#moved].map(([path, value]) => ({ path, value })) }));
    const reset = h('button', { type: 'button' }, strings.reset);
    reset.addEventListener('click', () => {
      this.#list.value = this.original;
      this.#moved = new Map();
      this.#sliders.clear();
      this.#askSoon();
    });
    document.getElementById('root')?.replaceChildren(
      h('h1', {}, strings.title),
      h('p', { class: 'about' }, sample),
      h('p', { class: 'about' }, strings.about),
      this.#settings,
      this.#message,
      h('div', { class: 'bar' }, write, reset),
      h('h2', {}, strings.notes),
      this.#notes,
      h('label', { for: 'list' }, strings.list),
      h('p', { class: 'about', id: 'list-hint' }, strings.listHint),
      this.#list,
    );
    this.#askSoon();
  }

  receive(message: ToWhatIfPanel): void {
    if (message.type === 'init' || message.request !== this.#request) return;
    if (message.type === 'failed') {
      this.#message.textContent = message.message;
      return;
    }
    this.#message.textContent = '';
    this.#notes.replaceChildren(...message.notes.map((note) => h('li', {}, note)));
    this.#draw(message.settings);
  }

  #askSoon(): void {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => {
      this.#request++;
      this.post({ type: 'ask', request: this.#request, stabilizers: this.#list.value });
    }, askMilliseconds);
  }

  /** Sliders that are there stay, so that the one under the hand is not taken away. */
  #draw(settings: readonly WhatIfSetting[]): void {
    const same = settings.length === this.#sliders.size && settings.every(({ path }) => this.#sliders.has(path));
    if (same) {
      for (const setting of settings) {
        const slider = this.#sliders.get(setting.path);
        if (!slider) continue;
        if (document.activeElement !== slider.input) slider.input.value = String(setting.value);
        slider.output.textContent = formatTick(setting.value);
      }
      return;
    }
    this.#sliders.clear();
    this.#settings.replaceChildren(...(settings.length === 0 ? [h('p', { class: 'about' }, this.strings.nothingToMove)] : settings.map((setting) => this.#slider(setting))));
  }

  #slider(setting: WhatIfSetting): HTMLElement {
    const id = `s-${setting.path.replace(/\W/g, '-')}`;
    const input = h('input', { type: 'range', id, min: String(setting.minimum), max: String(setting.maximum), step: 'any', value: String(setting.value) });
    const output = h('output', { for: id }, formatTick(setting.value));
    this.#sliders.set(setting.path, { input, output });
    input.addEventListener('input', () => this.#move(setting.path, Number(Number(input.value).toPrecision(3))));
    return h('div', { class: 'setting' }, h('label', { for: id }, h('code', {}, setting.path), ` ${setting.title}`), input, output);
  }

  #move(path: string, value: number): void {
    const list = setAt(this.#list.value, path, value);
    if (list === undefined) {
      this.#message.textContent = this.strings.notJson;
      return;
    }
    this.#list.value = list;
    this.#moved?.set(path, value);
    this.#askSoon();
  }
}

const vscode = acquireVsCodeApi();
let page: WhatIfPage | undefined;
window.addEventListener('message', ({ data }: MessageEvent<ToWhatIfPanel>) => {
  if (data.type === 'init') {
    document.documentElement.lang = data.locale;
    page = new WhatIfPage((message) => vscode.postMessage(message), data.strings, data.sample, data.stabilizers);
  } else page?.receive(data);
});
vscode.postMessage({ type: 'ready' });
