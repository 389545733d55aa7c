import { l10n } from 'vscode';

/** How text that nobody vouches for is shown: as text. */

const named = new Map<number, string>([
  [0x09, '→'],
  [0x0a, '↵'],
  [0x0d, '␍'],
  [0x20, '·'],
]);

/** A token as one visible line: white space has signs, controls and direction marks their code points. */
export function visibleToken(token: string): string {
  let shown = '';
  for (const character of token) {
    const code = character.codePointAt(0) ?? 0;
    shown += named.get(code) ?? (isInvisible(code) ? `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]` : character);
  }
  return shown;
}

/** Text inside Markdown such that nothing of it is Markdown: every sign that could mean something becomes an entity. */
export function escapeMarkdown(text: string): string {
  let escaped = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const plain = (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x20 || code >= 0xa1;
    escaped += plain && !isInvisible(code) ? character : isInvisible(code) ? `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`.replace(/[[\]+]/g, entity) : entity(character);
  }
  return escaped;
}

/** A code lens with an icon. A plain space after the icon would not be drawn. */
export function withIcon(icon: string, title: string): string {
  return `$(${icon})\u00a0${title}`;
}

/** A text in two rows of so many characters where that is possible, broken after a `;` or `·` if both rows still fit, else between words. */
export function inTwoRows(text: string, width: number): readonly [string, string] {
  if (text.length <= width) return [text, ''];
  const breaks = [...text.matchAll(/ /g)].map(({ index }) => index).filter((at) => at <= width);
  const afterPart = breaks.findLast((at) => /[;·]/.test(text.charAt(at - 1)) && text.length - at - 1 <= width);
  const at = afterPart ?? breaks.at(-1) ?? text.length;
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `1 token`, `12 tokens`. */
export function tokensText(count: number): string {
  return count === 1 ? l10n.t('1 token') : l10n.t('{0} tokens', count);
}

/** The head of a text on one line. */
export function oneLine(text: string, length: number): string {
  const flat = visibleWhitespaceOnly(text) || l10n.t('(nothing visible)');
  if (flat.length <= length) return flat;
  // Never half of a surrogate pair.
  const cut = /[\uD800-\uDBFF]$/.test(flat.slice(0, length - 1)) ? length - 2 : length - 1;
  return `${flat.slice(0, cut)}…`;
}

function visibleWhitespaceOnly(text: string): string {
  let shown = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    shown += code === 0x0a ? ' ↵ ' : code === 0x0d || code === 0x09 ? ' ' : isInvisible(code) ? '' : character;
  }
  return shown.trim();
}

function entity(character: string): string {
  return `&#${character.codePointAt(0) ?? 0};`;
}

function isInvisible(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code < 0xa0) ||
    code === 0xad ||
    code === 0x61c ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    code === 0xfeff ||
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0xe0000 && code <= 0xe0fff)
  );
}
