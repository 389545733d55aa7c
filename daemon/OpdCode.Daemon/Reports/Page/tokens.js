// The response as tokens: colour and line for the measure's level, arrow keys, next and previous disagreement.

const TOKEN_WINDOW = 2000;
const DISAGREEMENT = 2; // the level from which n and p stop

/** How token t looks in running text: its part of the response, glyphs for what cannot be seen, breaks that follow. */
function tokenText(rollout, t) {
  const start = rollout.charStart?.[t], end = rollout.charEnd?.[t];
  if (start === undefined) return { text: rollout.tokenTexts[t], special: false };
  if (start === end) return { text: rollout.tokenTexts[t], special: true };
  let part = 0;
  while (t - part > 0 && rollout.charStart[t - part - 1] === start && rollout.charEnd[t - part - 1] === end) part++;
  if (part === 0) return { text: rollout.response.slice(start, end), special: false };
  return { text: `+${part + 1}`, special: true }; // the character is already shown: its later bytes
}

function makeTokenView(tooltip, state) {
  const box = byId("tokens");
  const pager = byId("tokens-pager");
  let from = 0;
  let current = 0;

  const rollout = () => state.rollout;
  const spanOf = (t) => box.querySelector(`[data-t="${t}"]`);

  function levelAt(t) {
    if (!trained(rollout(), t)) return undefined;
    return levelOf(state.measure, state.thresholds, state.measure.value(rollout(), t));
  }

  function mark(span, t) {
    const level = levelAt(t);
    if (level === undefined) delete span.dataset.level; else span.dataset.level = String(level);
  }

  function makeSpan(t) {
    const { text, special } = tokenText(rollout(), t);
    const breaks = /\n*$/.exec(text)[0].length;
    let shown = visible(text).replaceAll("\t", "⇥");
    if (/^ +$/.test(shown)) shown = shown.replaceAll(" ", "·");
    shown = shown.slice(0, shown.length - breaks).replaceAll("\n", "↵\n") + "↵".repeat(breaks);
    shown = shorten(shown, 2000);
    const isTrained = trained(rollout(), t);
    const span = make("span", {
      role: "option", class: "token", "data-t": t, tabindex: t === current ? 0 : -1, "aria-selected": String(t === current && state.selected),
      "aria-label": `${t + 1}: ${spaceWords(rollout().tokenTexts[t]) ?? shorten(tokenGlyphs(rollout().tokenTexts[t]), 200)}${isTrained ? "" : ", not trained on"}`, text: shown || "∅",
    });
    if (special) span.classList.add("special");
    if (!isTrained) span.classList.add("masked");
    if (/^[·⇥↵]+$/.test(shown)) span.classList.add("glyph");
    mark(span, t);
    return breaks > 0 ? [span, document.createTextNode("\n".repeat(breaks))] : [span];
  }

  function draw() {
    const total = rollout()?.tokenIds.length ?? 0;
    const to = Math.min(total, from + TOKEN_WINDOW);
    const nodes = [];
    for (let t = from; t < to; t++) nodes.push(...makeSpan(t));
    if (total === 0) nodes.push(make("span", { class: "note", role: "option", "aria-selected": "false", text: "The response has no tokens." }));
    box.replaceChildren(...nodes);
    pager.replaceChildren();
    if (total > TOKEN_WINDOW) {
      const turn = (text, target, disabled) => {
        const button = make("button", { type: "button", text, disabled });
        button.addEventListener("click", () => { from = target; current = target; draw(); });
        return button;
      };
      pager.append(turn("Earlier tokens", from - TOKEN_WINDOW, from === 0), `Tokens ${count(from + 1)} to ${count(to)} of ${count(total)}`, turn("Later tokens", to, to === total));
    }
  }

  function select(t, { focus = true, say = true } = {}) {
    spanOf(current)?.setAttribute("tabindex", "-1");
    spanOf(current)?.setAttribute("aria-selected", "false");
    current = t;
    state.selected = true;
    if (t < from || t >= from + TOKEN_WINDOW) {
      from = Math.floor(t / TOKEN_WINDOW) * TOKEN_WINDOW;
      draw();
    }
    const span = spanOf(t);
    span.setAttribute("tabindex", "0");
    span.setAttribute("aria-selected", "true");
    if (focus) {
      span.focus({ preventScroll: true });
      span.scrollIntoView({ block: "nearest" });
    }
    tooltip.show(tooltipContent(rollout(), t, state.measure, state.thresholds), span);
    if (say) announce(tokenLine(rollout(), t, state.measure, state.thresholds));
  }

  function disagreement(direction) {
    const total = rollout()?.tokenIds.length ?? 0;
    const start = state.selected ? current + direction : direction > 0 ? 0 : total - 1;
    for (let t = start; t >= 0 && t < total; t += direction) {
      const level = levelAt(t);
      if (level !== undefined && Math.abs(level) >= DISAGREEMENT) return select(t);
    }
    announce(`No ${direction > 0 ? "later" : "earlier"} token of this rollout is marked medium or high.`);
  }

  /** The token above or below, by geometry: lines are where the browser broke them. */
  function line(direction) {
    const here = spanOf(current).getClientRects()[0];
    const middle = (here.left + here.right) / 2;
    let best = null, top = null;
    for (let t = current + direction; t >= from && spanOf(t); t += direction) {
      const at = spanOf(t).getClientRects()[0];
      if (Math.abs(at.top - here.top) < here.height / 2) continue;
      top ??= at.top;
      if (Math.abs(at.top - top) >= here.height / 2) break;
      const distance = Math.abs((at.left + at.right) / 2 - middle);
      if (best === null || distance < best.distance) best = { t, distance };
    }
    if (best) select(best.t);
  }

  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !rollout()?.tokenIds.length) return;
    const last = rollout().tokenIds.length - 1;
    const actions = {
      ArrowRight: () => select(Math.min(last, current + 1)), ArrowLeft: () => select(Math.max(0, current - 1)),
      ArrowDown: () => line(1), ArrowUp: () => line(-1), Home: () => select(0), End: () => select(last),
      n: () => disagreement(1), p: () => disagreement(-1),
      Enter: () => { select(current, { say: false }); announce(alternativesText(rollout(), current)); },
      Escape: () => tooltip.hide(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  box.addEventListener("focusin", (event) => {
    const t = Number(event.target.dataset?.t);
    if (Number.isInteger(t) && !(t === current && state.selected)) select(t, { focus: false });
    else if (Number.isInteger(t)) tooltip.show(tooltipContent(rollout(), t, state.measure, state.thresholds), event.target);
  });
  box.addEventListener("mousedown", (event) => {
    const t = event.target.dataset?.t;
    if (t !== undefined) select(Number(t));
  });
  box.addEventListener("mouseover", (event) => {
    const t = event.target.dataset?.t;
    if (t !== undefined) tooltip.show(tooltipContent(rollout(), Number(t), state.measure, state.thresholds), event.target);
  });
  box.addEventListener("mouseleave", (event) => {
    if (tooltip.contains(event.relatedTarget)) return;
    const span = state.selected ? spanOf(current) : null;
    if (span && document.activeElement === span) tooltip.show(tooltipContent(rollout(), current, state.measure, state.thresholds), span);
    else tooltip.hide();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tooltip.hide(); });
  document.addEventListener("mousedown", (event) => { if (!box.contains(event.target) && !tooltip.contains(event.target)) tooltip.hide(); });
  byId("next-disagreement").addEventListener("click", () => disagreement(1));
  byId("previous-disagreement").addEventListener("click", () => disagreement(-1));

  return {
    /** Another rollout: from its start, nothing selected. */
    open() { from = 0; current = 0; state.selected = false; tooltip.clear(); draw(); },
    /** Another measure or other thresholds: the same tokens, marked anew. */
    remark() {
      for (const span of box.querySelectorAll("[data-t]")) mark(span, Number(span.dataset.t));
      if (state.selected && spanOf(current)) select(current, { focus: false, say: false });
    },
    select,
  };
}
