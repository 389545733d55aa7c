// The one panel with everything about a token: beside the text where there is room, else floating at the token.

function sideTable(title, rollout, t, ids, texts, logprobs, written) {
  if (!texts) return make("div", {}, make("p", { class: "note", text: `${title}: alternatives not recorded.` }));
  const mass = logprobs.reduce((sum, logprob) => sum + Math.exp(real(logprob)), 0);
  const row = (text, logprob, own) => make("tr", { class: own ? "written" : null },
    make("td", {}, quoted(text), own ? make("span", { class: "unseen", text: " (written)" }) : null, own ? make("span", { "aria-hidden": "true", text: " ◂" }) : null),
    make("td", { class: "number", text: probability(logprob) }), make("td", { class: "number", text: minus(real(logprob).toFixed(2)) }));
  const rows = texts.map((text, k) => row(text, logprobs[k], ids[k] === rollout.tokenIds[t]));
  if (!ids.includes(rollout.tokenIds[t]) && written !== undefined) rows.push(row(rollout.tokenTexts[t], written, true));
  return make("div", {}, make("table", {},
    make("caption", {}, title, make("span", { class: "note", text: `top ${texts.length}: ${percent(Math.min(1, mass))} of its mass` })),
    make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "token" }), make("th", { scope: "col", class: "number", text: "p" }), make("th", { scope: "col", class: "number", text: "log p" }))),
    make("tbody", {}, ...rows)));
}

function tooltipContent(rollout, t, measure, thresholds) {
  const value = measure.value(rollout, t);
  const level = levelOf(measure, thresholds, value);
  const isTrained = trained(rollout, t);
  const pairs = [];
  const add = (name, text) => { if (text !== undefined && text !== "not recorded") pairs.push([name, text]); };
  const both = (logprob) => logprob === undefined ? undefined : `${probability(logprob)} (log ${minus(real(logprob).toFixed(2))})`;
  add("student p", both(rollout.studentLogprobs?.[t]));
  add("teacher p", both(rollout.teacherLogprobs?.[t]));
  add("rank for the teacher", rollout.teacherRank ? count(rollout.teacherRank[t]) : undefined);
  add("p when sampled", both(rollout.samplerLogprobs?.[t]));
  for (const other of MEASURES) add(other.short, measureText(other, other.value(rollout, t)));
  const share = lossShare(rollout, t);
  add("share of the loss", share === undefined ? undefined : percent(share));
  return [
    make("p", { class: "which" }, `#${t + 1} `, quoted(rollout.tokenTexts[t]), make("span", { class: "note", text: `id ${rollout.tokenIds[t]}` })),
    make("p", { class: "verdict", text: isTrained ? `${measure.short} ${measureText(measure, value)}: ${levelText(measure, level)}` : "Not trained on (masked)" }),
    make("dl", { class: "values" }, ...pairs.flatMap(([name, text]) => [make("dt", { text: name }), make("dd", { text })])),
    make("div", { class: "sides" },
      sideTable("Student", rollout, t, rollout.studentTopIds?.[t], rollout.studentTopTexts?.[t], rollout.studentTopLogprobs?.[t], rollout.studentLogprobs?.[t]),
      sideTable("Teacher", rollout, t, rollout.teacherTopIds?.[t], rollout.teacherTopTexts?.[t], rollout.teacherTopLogprobs?.[t], rollout.teacherLogprobs?.[t])),
  ];
}

/** What Enter reads aloud. */
function alternativesText(rollout, t) {
  const side = (name, texts, logprobs) => texts ? `${name}: ${texts.map((text, k) => `${quote(text)} ${probability(logprobs[k])}`).join(", ")}.` : "";
  return `${side("Student", rollout.studentTopTexts?.[t], rollout.studentTopLogprobs?.[t])} ${side("Teacher", rollout.teacherTopTexts?.[t], rollout.teacherTopLogprobs?.[t])}`.trim() || "Alternatives not recorded.";
}

/** Decides where the panel lives. `show(content, anchor)` and `hide()`. */
function makeTooltip() {
  const tip = byId("tip");
  const dock = tip.parentElement;
  const wide = matchMedia("(min-width: 1340px)");
  let anchor = null;

  function place() {
    tip.classList.toggle("floating", !wide.matches);
    if (wide.matches) {
      if (tip.parentElement !== dock) dock.append(tip);
      tip.style.removeProperty("left");
      tip.style.removeProperty("top");
      if (!anchor) tip.replaceChildren(make("p", { class: "note", text: "Point at a token, or move to it with the keyboard, to see what both models thought." }));
      tip.hidden = false;
      return;
    }
    const page = document.querySelector("main");
    if (tip.parentElement !== page) page.append(tip);
    tip.hidden = anchor === null;
    if (!anchor) return;
    const at = anchor.getClientRects()[0] ?? anchor.getBoundingClientRect();
    const width = tip.offsetWidth, height = tip.offsetHeight;
    const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8));
    const below = at.bottom + 10;
    const top = below + height > innerHeight && at.top - height - 10 > 0 ? at.top - height - 10 : below;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${top + scrollY}px`;
  }

  wide.addEventListener("change", place);
  addEventListener("resize", place);
  tip.addEventListener("mouseleave", () => { if (!anchor?.matches(":focus")) hide(); });
  place();
  function hide() {
    if (wide.matches) return;
    anchor = null;
    place();
  }

  return {
    show(content, at) { anchor = at; tip.replaceChildren(...content); place(); },
    /** Out of the way of the text; beside it, nothing is in the way. */
    hide,
    clear() { anchor = null; place(); },
    contains: (node) => tip.contains(node),
  };
}
