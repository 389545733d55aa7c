// Curves, drawn by uPlot. Each chart is an image with a one-sentence description, and its numbers as a table on demand.

const CHARTS = [
  { title: "Loss", keys: ["loss"], unit: "nats per token", log: true },
  { title: "Divergence", keys: ["divergence"], unit: "nats per token", log: true },
  { title: "Entropy", keys: ["studentEntropy", "teacherEntropy"], unit: "nats", names: ["student", "teacher"] },
  { title: "Accuracy", keys: ["accuracy"], unit: "held-out exact match", percent: true, points: true, full: true },
  { title: "Response length", keys: ["responseLength"], unit: "tokens" },
  { title: "Truncated", keys: ["truncated"], unit: "responses cut at the length limit", percent: true },
  { title: "Gradient norm", keys: ["gradientNorm"], unit: "before clipping", log: true },
  { title: "Throughput", keys: ["rolloutTokensPerSecond", "trainTokensPerSecond"], unit: "tokens per second", names: ["rollout", "training"] },
];
const MORE_CHARTS = [
  { title: "Learning rate", keys: ["learningRate"], unit: "", log: true, exact: true },
  { title: "Seconds per step", keys: ["seconds"], unit: "s" },
  { title: "Response tokens per step", keys: ["responseTokens"], unit: "tokens" },
  { title: "Memory", keys: ["memoryBytes"], unit: "MB", scale: 1e-6, exact: true },
];
const NOT_CHARTED = new Set(["evaluated"]);

/** The colour that a custom property has now; also resolves light-dark() and system colours. */
function colourOf(property) {
  const probe = make("span", { class: "unseen" });
  probe.style.forcedColorAdjust = "none";
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** Exponential moving average, corrected for its start; holes stay holes. */
function smooth(values, factor) {
  let sum = 0, mass = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = factor * sum + (1 - factor) * value;
    mass = factor * mass + (1 - factor);
    return sum / mass;
  });
}

const column = (data, key) => Object.hasOwn(data.curves.columns, key) ? data.curves.columns[key] : null;

function chartNumber(spec, value) {
  if (value === null || value === undefined) return "–";
  return spec.percent ? percent(value) : format(value);
}

function describe(spec, steps, series) {
  const sentences = series.map(({ name, values }) => {
    const known = values.map((value, i) => [value, steps[i]]).filter(([value]) => value !== null);
    if (known.length === 0) return `${name}: no values`;
    const low = known.reduce((a, b) => (b[0] < a[0] ? b : a));
    const high = known.reduce((a, b) => (b[0] > a[0] ? b : a));
    return `${name} goes from ${chartNumber(spec, known[0][0])} at step ${known[0][1]} to ${chartNumber(spec, known.at(-1)[0])} at step ${known.at(-1)[1]}, ` +
      `lowest ${chartNumber(spec, low[0])} at step ${low[1]}, highest ${chartNumber(spec, high[0])} at step ${high[1]}`;
  });
  return `Line chart${spec.unit ? `, ${spec.unit}` : ""}: ${sentences.join("; ")}.`;
}

function chartTable(spec, steps, series) {
  const rows = steps.map((step, i) => i).filter((i) => series.some(({ values }) => values[i] !== null));
  const stride = Math.ceil(rows.length / 500);
  const shown = rows.filter((_, position) => position % stride === 0 || position === rows.length - 1);
  const table = make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "step" }),
      ...series.map(({ name }) => make("th", { scope: "col", class: "number", text: name })))),
    make("tbody", {}, ...shown.map((i) => make("tr", {}, make("th", { scope: "row", text: String(steps[i]) }),
      ...series.map(({ values }) => make("td", { class: "number", text: chartNumber(spec, values[i]) }))))));
  if (stride > 1) table.prepend(make("caption", { class: "note", text: `Every ${stride}th of ${count(rows.length)} recorded steps.` }));
  return table;
}

/** One figure. `redraw(view)` draws it again: view = {log, smoothing}. */
function makeChart(data, spec) {
  const steps = data.curves.steps;
  const label = Object.hasOwn(data.labels, spec.keys[0]) ? data.labels[spec.keys[0]] : {};
  const series = spec.keys
    .map((key, i) => ({ key, name: spec.names?.[i] ?? visible(label.title ?? spec.title), values: column(data, key)?.map((v) => v === null ? null : v * (spec.scale ?? 1)), index: i }))
    .filter(({ values }) => values?.some((value) => value !== null));
  const title = spec.names ? spec.title : visible(label.title ?? spec.title);
  const unit = visible(spec.scale || spec.percent ? spec.unit : label.unit ?? spec.unit);
  const caption = make("figcaption", {}, make("strong", { text: title }));
  if (unit) caption.append(`, ${unit}`);
  for (const words of [label.estimator, label.sign]) if (words) caption.append(make("br"), visible(words));
  if (spec.keys[0] === "divergence" && !label.estimator) caption.append(make("br"), "estimator not recorded");
  const figure = make("figure", { class: "chart" }, caption);
  if (series.length === 0) {
    figure.append(make("p", { class: "note", text: "Not recorded." }));
    return { figure, redraw() {} };
  }

  const plot = make("div", { class: "plot", role: "img", "aria-label": describe({ ...spec, unit }, steps, series) });
  const table = make("div", { class: "data", hidden: true, tabindex: 0, role: "region", "aria-label": `${title}, data` });
  const toggle = make("button", { type: "button", "aria-expanded": "false", text: "Show data", "aria-label": `Show data of ${title}` });
  toggle.addEventListener("click", () => {
    if (table.childElementCount === 0) table.append(chartTable(spec, steps, series));
    table.hidden = !table.hidden;
    toggle.setAttribute("aria-expanded", String(!table.hidden));
    toggle.textContent = table.hidden ? "Show data" : "Hide data";
    toggle.setAttribute("aria-label", `${toggle.textContent} of ${title}`);
  });
  const lost = make("span", { class: "note" });
  figure.append(plot, make("div", { class: "foot" }, lost, toggle), table);

  let drawn = null;
  function redraw(view) {
    drawn?.destroy();
    const log = view.log && spec.log === true;
    const usable = (values) => log ? values.map((value) => value !== null && value > 0 ? value : null) : values;
    const dropped = log ? series.reduce((sum, { values }) => sum + values.filter((value) => value !== null && value <= 0).length, 0) : 0;
    lost.textContent = dropped > 0 ? `${plural(dropped, "value")} ≤ 0 not on a logarithmic axis.` : "";
    const colours = [colourOf(series.length > 1 ? "--positive-accent" : "--negative-accent"), colourOf("--negative-accent")];
    const columns = [steps], styles = [{ label: "step" }];
    const smoothed = view.smoothing > 0 && !spec.points && !spec.exact;
    for (const { name, values, index } of series) {
      const shape = {
        stroke: colours[index % 2], dash: index > 0 ? [7, 4] : undefined, spanGaps: true,
        points: { show: spec.points === true || steps.length < 40, size: spec.points ? 7 : 5, fill: colourOf("--panel") },
        value: (_, value) => chartNumber(spec, value),
      };
      if (smoothed) {
        columns.push(usable(values));
        styles.push({ ...shape, label: name, width: 1, alpha: 0.45, points: { show: false } });
        columns.push(usable(smooth(values, view.smoothing)));
        styles.push({ ...shape, label: "smoothed", width: 2, points: { show: false } });
      } else {
        columns.push(usable(values));
        styles.push({ ...shape, label: name, width: 2 });
      }
    }
    const text = colourOf("--text"), line = colourOf("--line");
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
    // Percentages that never leave zero would get an axis of nothing.
    const range = spec.full ? [0, 1] : (_, low, high) => spec.percent ? [0, Math.min(1, Math.max(high * 1.1, 0.05))] : uPlot.rangeNum(low, high, 0.1, true);
    drawn = new uPlot({
      width: Math.max(220, plot.clientWidth), height: 190, series: styles,
      scales: { x: { time: false }, y: log ? { distr: 3 } : { range } },
      axes: [
        { ...axis, size: 32, values: (_, ticks) => ticks.map((tick) => Number.isInteger(tick) ? String(tick) : "") },
        { ...axis, size: 54, values: (_, ticks) => ticks.map((tick) => tick === null ? "" : spec.percent ? `${+(tick * 100).toFixed(1)} %` : axisNumber(tick)) },
      ],
      cursor: { drag: { x: false, y: false }, y: false },
      legend: { live: true, markers: { width: 2, dash: (u, i) => u.series[i].dash ? "dashed" : "solid" } },
    }, columns, plot);
  }
  return { figure, redraw };
}

/** Tick labels have even values: no padding zeros. */
function axisNumber(tick) {
  const size = Math.abs(tick);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return minus(tick.toExponential().replace("e+", "e"));
  return minus(String(+tick.toPrecision(6)));
}

function startCharts(data) {
  const known = new Set([...CHARTS, ...MORE_CHARTS].flatMap((spec) => spec.keys));
  const others = Object.keys(data.curves.columns).filter((key) => !known.has(key) && !NOT_CHARTED.has(key))
    .map((key) => ({ title: visible(key), keys: [key], unit: "" }));
  const place = (specs, parent) => specs.map((spec) => {
    const chart = makeChart(data, spec);
    parent.append(chart.figure);
    return chart;
  });
  const first = place(CHARTS, byId("charts"));
  const more = place([...MORE_CHARTS, ...others], byId("charts-more"));
  const view = { log: false, smoothing: data.curves.steps.length < 20 ? 0 : 0.8 };
  byId("smoothing").value = view.smoothing;
  const redraw = () => {
    byId("smoothing-value").textContent = view.smoothing === 0 ? "off" : view.smoothing.toFixed(2);
    for (const chart of byId("more-charts").open ? [...first, ...more] : first) chart.redraw(view);
  };
  byId("log").addEventListener("change", (event) => { view.log = event.target.checked; redraw(); });
  byId("smoothing").addEventListener("input", (event) => { view.smoothing = Number(event.target.value); redraw(); });
  byId("more-charts").addEventListener("toggle", redraw);
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 1) return;
    width = entry.contentRect.width;
    redraw();
  }).observe(byId("charts"));
  const thinned = data.curves.recordedSteps > data.curves.steps.length
    ? ` The curves show ${count(data.curves.steps.length)} of ${count(data.curves.recordedSteps)} recorded steps, evenly thinned; every evaluation is kept.` : "";
  byId("curves-note").textContent = (data.curves.steps.length === 0 ? "No metrics recorded yet." :
    "Horizontal axis: optimizer step. With smoothing, the thick line is an exponential moving average and the thin one is what was recorded. The logarithmic axis applies to loss, divergence, gradient norm and learning rate.") + thinned;
  return redraw;
}
