// What ran, and what came of it.

function lastRecorded(data, key) {
  const values = column(data, key) ?? [];
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return { value: values[i], step: data.curves.steps[i], row: i };
  return null;
}

function firstRecorded(data, key) {
  const values = column(data, key) ?? [];
  const row = values.findIndex((value) => value !== null);
  return row < 0 ? null : { value: values[row], step: data.curves.steps[row], row };
}

/** Accuracy before and after, from the evaluations; from the answers where those were not recorded. */
function accuracies(data) {
  const first = firstRecorded(data, "accuracy");
  const last = lastRecorded(data, "accuracy");
  const n = (at) => column(data, "evaluated")?.[at.row] ?? null;
  const answers = data.answers;
  let before = first && { value: first.value, n: n(first), step: first.step };
  let after = last && last.row !== first.row ? { value: last.value, n: n(last), step: last.step } : null;
  if (!before && answers.judgedBefore > 0) before = { value: answers.rightBefore / answers.judgedBefore, n: answers.judgedBefore, step: null };
  if (!after && answers.judgedAfter > 0) after = { value: answers.rightAfter / answers.judgedAfter, n: answers.judgedAfter, step: null };
  return { before, after };
}

function tile(title, value, small) {
  return make("div", {}, make("dt", { text: title }), make("dd", { text: value }), small ? make("dd", { class: "small", text: small }) : null);
}

function change(data, key, title) {
  const first = firstRecorded(data, key), last = lastRecorded(data, key);
  if (!first) return tile(title, "not recorded");
  return tile(title, `${format(first.value)} → ${format(last.value)}`, `${data.labels[key]?.unit ? `${visible(data.labels[key].unit)}, ` : ""}step ${first.step} → ${last.step}`);
}

function showSummary(data) {
  const recipe = data.recipe ?? {}, run = data.run ?? {};
  const name = shorten(visible(recipe.name ?? run.id ?? data.folder), 80);
  byId("title").textContent = `OpdCode report: ${name}`;
  document.title = `OpdCode report: ${name}`;

  const started = data.events.find((event) => event.event === "started");
  const last = data.events.at(-1);
  const ended = [...data.events].reverse().find((event) => event.event === "finished" || event.event === "failed");
  // A run that was resumed after a failure has a later start: then the failure is history.
  const over = ended && !data.events.slice(data.events.lastIndexOf(ended)).some((event) => event.event === "started") ? ended : null;
  const lastStep = Math.max(0, ...data.curves.steps.slice(-1), ...data.events.map((event) => event.step ?? 0));
  const steps = typeof recipe.steps === "number" ? `${count(lastStep)} of ${count(recipe.steps)} steps` : plural(lastStep, "step");
  const state = over?.event === "finished" ? "finished" : over ? "failed" : "not finished";
  byId("subtitle").textContent = `${state}, ${steps}${run.id ? `, run ${shorten(visible(run.id), 80)}` : ""}`;
  if (over?.event === "failed") {
    byId("status").append(make("p", { class: "notice", text: `Failed after step ${over.step ?? lastStep}: ${visible(over.message ?? "no reason recorded")}` }));
  } else if (!over) {
    byId("status").append(make("p", { class: "note", text: "The run had not finished when this page was written; write it again to see more." }));
  }

  const { before, after } = accuracies(data);
  const shown = (at) => at ? percent(at.value) : "not recorded";
  const counts = [before?.n, after?.n].filter((n) => n);
  const points = before && after ? `${signed((after.value - before.value) * 100)} points` : "";
  const wall = started && last ? (Date.parse(last.time) - Date.parse(started.time)) / 1000 : NaN;
  byId("tiles").append(
    tile("Held-out accuracy, before → after", before || after ? `${shown(before)} → ${shown(after)}` : "not recorded",
      [points, counts.length ? `n = ${[...new Set(counts)].map(count).join(" and ")}` : "",
        before?.step != null && after?.step != null ? `step ${before.step} → ${after.step}` : ""].filter(Boolean).join(", ")),
    change(data, "loss", "Loss"),
    change(data, "divergence", "Divergence"),
    tile("Wall time", duration(wall), data.curves.seconds > 0 ? `${duration(data.curves.seconds)} in steps` : ""),
    tile("Response tokens", data.curves.tokens > 0 ? count(data.curves.tokens) : "not recorded", "written by the student"));

  const objective = recipe.objective;
  const fact = (title, value) => make("div", {}, make("dt", { text: title }), make("dd", { text: visible(value || "not recorded") }));
  byId("facts").append(
    fact("Student", joined(recipe.student?.model, parameters(run.studentParameters))),
    fact("Teacher", joined(recipe.signal?.model, run.teacherParameters === undefined ? "" : parameters(run.teacherParameters))),
    fact("Objective", joined(objective?.kind, objective?.divergence)),
    fact("Divergence", data.labels.divergence?.estimator),
    fact("Data", recipe.data?.train),
    fact("Device", run.device),
    fact("Seed", recipe.seed === undefined ? "" : String(recipe.seed)),
    fact("Started", time(run.started ?? started?.time)),
    fact("OpdCode", run.version));
  showText(byId("recipe-text"), data.recipe ? JSON.stringify(data.recipe, null, 2) : "not recorded").setAttribute("aria-label", "Resolved recipe");
  showText(byId("events-text"), data.events.length === 0 ? "not recorded" :
    data.events.map((event) => `${time(event.time)}  step ${event.step ?? 0}  ${event.event}${event.message ? `  ${event.message}` : ""}`).join("\n")).setAttribute("aria-label", "Events");
}

/** 2025-11-04 09:30:00 UTC. */
function time(iso) {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? "" : `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const joined = (...parts) => parts.filter(Boolean).join(", ");
