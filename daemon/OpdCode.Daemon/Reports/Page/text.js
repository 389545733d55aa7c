// Everything that turns values into text or elements. Text from models goes through textContent and nowhere else.

const byId = (id) => document.getElementById(id);

/** Creates an element; `attributes` become attributes, except text, class and on-handlers. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Characters that would hide or reorder text: controls, bidi controls, zero-width spaces, tag characters.
const HIDDEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** The text with hidden characters made visible: ESC becomes ⟨U+001B⟩. Newlines and tabs stay. */
function visible(text) {
  return String(text ?? "").replace(HIDDEN, (character) => `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** A token's text on one line, with glyphs for newline and tab, and for spaces where there is nothing else. */
function tokenGlyphs(text) {
  const shown = visible(text).replaceAll("\n", "↵").replaceAll("\t", "⇥");
  return /^ +$/.test(shown) ? shown.replaceAll(" ", "·") : shown;
}

/** What glyphs stand for, in words, for a token of nothing but space; null for any other. */
function spaceWords(text) {
  if (!/^[ \n\t]+$/.test(text)) return null;
  const words = [];
  for (const run of text.match(/ +|\n+|\t+/g)) {
    const name = run[0] === " " ? "space" : run[0] === "\n" ? "newline" : "tab";
    words.push(run.length > 1 ? `${run.length} ${name}s` : name);
  }
  return words.join(", ");
}

const shorten = (text, limit) => (text.length > limit ? `${text.slice(0, limit)}…` : text);
const quote = (text) => `"${shorten(tokenGlyphs(text), 200)}"`;
const quoted = (text) => make("span", { class: "quoted", text: quote(text) });

// A block that scrolls must be reachable by keyboard; one that does not would only be one more stop.
const scrolling = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollHeight > target.clientHeight + 1) target.tabIndex = 0; else target.removeAttribute("tabindex");
  }
});

const CLIP = 20000;

/** Fills a block with text; a very long one comes in parts, because a browser lays out a megabyte in ten seconds. */
function showText(block, text) {
  const shown = visible(text);
  block.setAttribute("dir", "auto");
  block.setAttribute("role", "group");
  scrolling.observe(block);
  const part = document.createTextNode(shown.slice(0, CLIP));
  block.replaceChildren(part);
  if (shown.length > CLIP) {
    const more = make("button", { type: "button" });
    const label = () => { more.textContent = `Show more: ${count(part.length)} of ${count(shown.length)} characters shown`; };
    more.addEventListener("click", () => {
      part.appendData(shown.slice(part.length, part.length + CLIP));
      if (part.length < shown.length) label(); else { more.remove(); block.tabIndex = 0; block.focus(); }
    });
    label();
    block.append("\n", more);
  }
  return block;
}

const count = (n) => n.toLocaleString("en-US");
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

/** A number as JSON may carry it: "NaN" and "Infinity" come as text; undefined when there is none. */
function real(value) {
  if (typeof value === "number") return value;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return value === "NaN" ? NaN : undefined;
}

/** A number with about three significant digits. */
function format(value) {
  const number = real(value);
  if (number === undefined) return "not recorded";
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "not a number" : number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  if (size === 0) return "0";
  if (size >= 1e5 || size < 1e-3) return minus(number.toExponential(1).replace("e+", "e"));
  if (size >= 100) return minus(number.toLocaleString("en-US", { maximumFractionDigits: 0 }));
  return minus(number.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 3));
}

/** A threshold as a person would type it: 0.5, 3. */
const plain = (value) => minus(String(+value.toPrecision(3)));
const minus = (text) => text.replace("-", "−");
const signed = (value) => (real(value) > 0 ? "+" : "") + format(value);
const percent = (fraction) => `${(fraction * 100).toFixed(1)} %`;

/** exp of a log-probability: 0.91, 0.003, 2.1e-5. */
function probability(logprob) {
  const p = Math.exp(real(logprob));
  if (!Number.isFinite(p)) return "not recorded";
  if (p === 0) return "0";
  return p >= 0.995 ? p.toFixed(3) : p >= 0.01 ? p.toFixed(2) : p >= 0.001 ? p.toFixed(3) : p.toExponential(0);
}

function duration(seconds) {
  if (!Number.isFinite(seconds)) return "not recorded";
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 770000 → 0.77 M. */
function parameters(n) {
  if (typeof n !== "number") return "size not recorded";
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (n >= size / 10 && size > 1e3 || n >= size) return `${(n / size).toPrecision(n / size >= 100 ? 3 : 2)} ${unit} parameters`;
  }
  return `${n} parameters`;
}

function announce(text) { byId("live").textContent = text; }
