// Which rollout is open, the legend with its counts, the largest values over all rollouts, and the tokens as lines.

function usable(measure, rollouts) {
  return rollouts.some((rollout) => rollout.tokenIds.some((_, t) => { const value = measure.value(rollout, t); return value !== undefined && !Number.isNaN(value); }));
}

function startRollouts(data) {
  const all = data.steps.flatMap(({ rollouts }) => rollouts);
  const leftOut = [];
  if (data.leftOutSteps.length > 0) leftOut.push(`steps ${ranges(data.leftOutSteps)} (choose steps with opdcode report --steps)`);
  if (data.leftOutRollouts > 0) leftOut.push(`${plural(data.leftOutRollouts, "rollout")} of the steps shown`);
  byId("rollouts-note").textContent = (all.length === 0 ? "No rollouts recorded." : `${plural(all.length, "rollout")} of ${plural(data.steps.length, "recorded step")}.`) +
    (leftOut.length > 0 ? ` Left out to keep the page small: ${leftOut.join("; ")}.` : "");
  const steps = data.steps.filter(({ rollouts }) => rollouts.length > 0);
  if (steps.length === 0) { byId("rollouts-body").hidden = true; return; }

  const measures = MEASURES.filter((measure) => usable(measure, all));
  if (measures.length === 0) measures.push(MEASURES[0]);
  const chosen = new Map(measures.map((measure) => [measure.key, [...measure.thresholds]]));
  const state = { rollout: null, stepIndex: steps.length - 1, measure: measures[0], thresholds: chosen.get(measures[0].key), selected: false };
  const tokens = makeTokenView(makeTooltip(), state);

  function drawLegend() {
    const { measure, thresholds } = state;
    const countsOf = (rollouts) => {
      const counts = new Map();
      for (const rollout of rollouts) {
        for (let t = 0; t < rollout.tokenIds.length; t++) {
          const level = trained(rollout, t) ? levelOf(measure, thresholds, measure.value(rollout, t)) : "masked";
          counts.set(level, (counts.get(level) ?? 0) + 1);
        }
      }
      return counts;
    };
    const here = countsOf([state.rollout]), everywhere = countsOf(all);
    const negative = measure.twoSided || [-1, -2, -3].some((level) => everywhere.has(level));
    const levels = negative ? [-3, -2, -1, 0, 1, 2, 3] : [0, 1, 2, 3];
    const bound = (i) => plain(thresholds[i]);
    const range = (level) => {
      const size = Math.abs(level), sign = level < 0 ? "−" : measure.twoSided ? "+" : "";
      if (measure.centre !== 0) return level === 0 ? `within ${bound(0)} of ${measure.centre}` : `${measure.centre} ${level < 0 ? "−" : "+"} ${bound(size - 1)}${size === 3 ? " or more" : ""}`;
      if (level === 0) return negative ? `within ±${bound(0)}` : `below ${bound(0)}`;
      return size === 3 ? `${sign}${bound(2)} or ${level < 0 ? "less" : "more"}` : `${sign}${bound(size - 1)} to ${sign}${bound(size)}`;
    };
    const cell = make;
    const sides = make("tr", {}, cell("td", {}),
      negative ? cell("th", { scope: "colgroup", colspan: 3, class: "side", text: `blue: ${measure.negative}` }, make("span", { class: "contrast-only", text: " (line above)" })) : null,
      cell("td", {}), cell("th", { scope: "colgroup", colspan: 3, class: "side", text: `orange: ${measure.positive}` }, make("span", { class: "contrast-only", text: " (line below)" })));
    const swatches = make("tr", {}, cell("th", { scope: "row", text: "Level" }), ...levels.map((level) => make("th", { scope: "col" },
      make("span", { class: "token", "data-level": level, text: level === 0 ? measure.neutral.length > 12 ? "neutral" : measure.neutral : LEVEL_WORDS[Math.abs(level)] }))));
    const row = (title, text) => make("tr", {}, cell("th", { scope: "row", text: title }), ...levels.map((level) => cell("td", { text: text(level) })));
    const masked = everywhere.get("masked") ?? 0, missing = everywhere.get(undefined) ?? 0;
    byId("legend").replaceChildren(
      make("p", { class: "legend-words" }, make("strong", { text: `${measure.title}. ` }), `${measure.words(state.rollout)} `,
        measure.twoSided ? `Positive: ${measure.positive}, orange. Negative: ${measure.negative}, blue. ` : `Orange: ${measure.positive}. `,
        "Lines: dotted low, dashed medium, double high. The thresholds are the same for all rollouts; Fit to this run moves them to the 80th, 95th and 99th percentile of what this page shows."),
      make("div", { class: "legend-scroll", tabindex: 0, role: "region", "aria-label": "Legend" },
        make("table", { class: "legend-table", "data-mode": byId("tokens").dataset.mode },
          make("thead", {}, sides, swatches),
          make("tbody", {}, row(measure.unit ? `Range, ${measure.unit}` : "Range", range),
            row("This rollout", (level) => count(here.get(level) ?? 0)), row("All rollouts", (level) => count(everywhere.get(level) ?? 0))))),
      make("p", { class: "note", text: [
        masked > 0 ? `Italic, hatched or framed: not trained on, ${plural(here.get("masked") ?? 0, "token")} here, ${count(masked)} in all.` : "",
        missing > 0 ? `Not recorded: ${plural(missing, "token")}.` : ""].filter(Boolean).join(" ") }));
  }

  function drawWorst() {
    const limit = Number(byId("worst-count").value);
    const found = [];
    for (const rollout of all) {
      for (let t = 0; t < rollout.tokenIds.length; t++) {
        if (!trained(rollout, t)) continue;
        const value = state.measure.value(rollout, t);
        if (value !== undefined && !Number.isNaN(value)) found.push({ rollout, t, value, size: Math.abs(value - state.measure.centre) });
      }
    }
    found.sort((a, b) => b.size - a.size);
    byId("worst-h").textContent = `Largest ${state.measure.short}, all rollouts`;
    byId("worst").replaceChildren(make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "token" }), make("th", { scope: "col", class: "number", text: state.measure.unit || "value" }), make("th", { scope: "col", class: "number", text: "step" }), make("th", { scope: "col", class: "number", text: "rollout" }))),
      make("tbody", {}, ...found.slice(0, limit).map(({ rollout, t, value }) => {
        const button = make("button", { type: "button", class: "pick", "aria-label": `#${t + 1} ${quote(rollout.tokenTexts[t])}, step ${rollout.step}, rollout ${rollout.index}` }, `#${t + 1} `, quoted(rollout.tokenTexts[t]));
        button.addEventListener("click", () => { openRollout(rollout); tokens.select(t); });
        return make("tr", {}, make("td", {}, button), make("td", { class: "number", text: measureText({ ...state.measure, unit: "" }, value) }),
          make("td", { class: "number", text: String(rollout.step) }), make("td", { class: "number", text: String(rollout.index) }));
      }))));
  }

  function meanOf(rollout) {
    let sum = 0, n = 0;
    rollout.tokenIds.forEach((_, t) => {
      const value = state.measure.value(rollout, t);
      if (trained(rollout, t) && Number.isFinite(value)) { sum += Math.abs(value - state.measure.centre); n++; }
    });
    return n > 0 ? sum / n : NaN;
  }

  function drawList() {
    const { step, rollouts } = steps[state.stepIndex];
    byId("step").value = state.stepIndex;
    byId("step").setAttribute("aria-valuetext", `step ${step}`);
    byId("step-text").textContent = `Step ${count(step)}. Shown: ${ranges(steps.map((entry) => entry.step))}.`;
    byId("step-previous").disabled = state.stepIndex === 0;
    byId("step-next").disabled = state.stepIndex === steps.length - 1;
    byId("rollout-list").replaceChildren(make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "rollout" }), make("th", { scope: "col", text: "result" }), make("th", { scope: "col", class: "number", text: "tokens" }),
        make("th", { scope: "col", class: "number", text: state.measure.centre !== 0 ? `mean |${state.measure.short} − ${state.measure.centre}|` : state.measure.twoSided ? `mean |${state.measure.short.replace("-", "\u2011")}|` : `mean ${state.measure.short}` }))),
      make("tbody", {}, ...rollouts.map((rollout) => {
        const button = make("button", { type: "button", class: "pick", text: `${rollout.index}`, "aria-label": `Rollout ${rollout.index}` });
        button.addEventListener("click", () => { openRollout(rollout); byId("rollout-list").querySelector("[aria-current] button")?.focus(); });
        return make("tr", { "aria-current": rollout === state.rollout ? "true" : null }, make("td", {}, button),
          make("td", { class: "result" }, rollout.correct === undefined ? "–" : verdict(rollout.correct), rollout.finish === "length" ? make("span", { class: "note", text: " cut" }) : null),
          make("td", { class: "number", text: count(rollout.tokenIds.length) }), make("td", { class: "number", text: Number.isNaN(meanOf(rollout)) ? "–" : format(meanOf(rollout)) }));
      }))));
  }

  function drawLines() {
    const lines = byId("lines");
    if (lines.hidden) return;
    const { rollout, measure } = state;
    const order = rollout.tokenIds.map((_, t) => t);
    const size = (t) => { const value = trained(rollout, t) ? measure.value(rollout, t) : NaN; return value === undefined || Number.isNaN(value) ? -1 : Math.abs(value - measure.centre); };
    if (byId("lines-order").value === "size") order.sort((a, b) => size(b) - size(a));
    const shown = order.slice(0, TOKEN_WINDOW);
    lines.replaceChildren(make("ol", {}, ...shown.map((t) => make("li", { text: tokenLine(rollout, t, measure, state.thresholds) }))));
    if (shown.length < order.length) lines.append(make("p", { class: "note", text: `${count(shown.length)} of ${count(order.length)} tokens.` }));
  }

  function openRollout(rollout) {
    state.rollout = rollout;
    state.stepIndex = steps.findIndex(({ rollouts }) => rollouts.includes(rollout));
    byId("rollout-title").textContent = `Step ${rollout.step}, rollout ${rollout.index}`;
    byId("rollout-facts").replaceChildren(...[
      rollout.correct === undefined ? null : verdict(rollout.correct),
      rollout.answer === undefined ? null : make("span", {}, " answer ", quoted(rollout.answer)),
      rollout.reference === undefined ? null : make("span", {}, " reference ", quoted(rollout.reference)),
      make("span", { class: "note", text: ` ${plural(rollout.tokenIds.length, "token")}, ${rollout.finish === "length" ? "cut at the length limit" : "ended by itself"}, split ${visible(rollout.split)}` }),
    ].filter(Boolean));
    labelled(showText(byId("prompt"), rollout.prompt), "Prompt");
    tokens.open();
    drawList();
    drawLegend();
    drawLines();
  }

  function drawThresholds() {
    state.thresholds.forEach((value, i) => { byId(`threshold-${i + 1}`).value = String(+value.toPrecision(3)); });
  }

  function thresholdsChanged(values) {
    const sorted = [...values].sort((a, b) => a - b);
    chosen.set(state.measure.key, sorted);
    state.thresholds = sorted;
    drawThresholds();
    drawLegend();
    drawLines();
    tokens.remark();
  }

  function fitted() {
    const sizes = all.flatMap((rollout) => rollout.tokenIds.map((_, t) => trained(rollout, t) ? Math.abs(state.measure.value(rollout, t) - state.measure.centre) : NaN))
      .filter((size) => Number.isFinite(size) && size > 0).sort((a, b) => a - b);
    if (sizes.length === 0) return state.measure.thresholds;
    return [0.8, 0.95, 0.99].map((q) => +sizes[Math.min(sizes.length - 1, Math.floor(q * sizes.length))].toPrecision(3));
  }

  for (const measure of measures) byId("measure").append(make("option", { value: measure.key, text: measure.title }));
  byId("measure").addEventListener("change", (event) => {
    state.measure = measures.find(({ key }) => key === event.target.value);
    state.thresholds = chosen.get(state.measure.key);
    drawThresholds();
    drawLegend();
    drawList();
    drawWorst();
    drawLines();
    tokens.remark();
  });
  for (const radio of document.querySelectorAll('input[name="mode"]')) {
    radio.addEventListener("change", () => { byId("tokens").dataset.mode = radio.value; drawLegend(); });
  }
  for (const i of [1, 2, 3]) {
    byId(`threshold-${i}`).addEventListener("change", () => {
      const values = [1, 2, 3].map((k) => Number(byId(`threshold-${k}`).value));
      if (values.every((value) => Number.isFinite(value) && value > 0)) thresholdsChanged(values); else drawThresholds();
    });
  }
  byId("thresholds-fit").addEventListener("click", () => thresholdsChanged(fitted()));
  byId("thresholds-reset").addEventListener("click", () => thresholdsChanged(state.measure.thresholds));
  byId("worst-count").addEventListener("change", drawWorst);
  byId("step").max = steps.length - 1;
  const turn = (index) => { if (index >= 0 && index < steps.length) openRollout(steps[index].rollouts[0]); };
  byId("step").addEventListener("input", (event) => turn(Number(event.target.value)));
  byId("step-previous").addEventListener("click", () => turn(state.stepIndex - 1));
  byId("step-next").addEventListener("click", () => turn(state.stepIndex + 1));
  byId("lines-order").addEventListener("change", drawLines);
  byId("lines-toggle").addEventListener("click", (event) => {
    const open = byId("lines").hidden;
    byId("lines").hidden = !open;
    byId("lines-order-label").hidden = !open;
    event.currentTarget.setAttribute("aria-expanded", String(open));
    event.currentTarget.textContent = open ? "Hide the lines of text" : "Show the tokens as lines of text";
    drawLines();
  });

  drawThresholds();
  // The first thing to see: where student and teacher still differ most after the last recorded step.
  openRollout(steps.at(-1).rollouts.reduce((most, rollout) => (meanOf(rollout) > meanOf(most) ? rollout : most)));
  drawWorst();
}

/** 1, 10, 20 and so on, shortened in the middle when there are many. */
function ranges(numbers) {
  return numbers.length <= 12 ? numbers.join(", ") : `${numbers.slice(0, 5).join(", ")}, …, ${numbers.slice(-5).join(", ")} (${count(numbers.length)})`;
}
