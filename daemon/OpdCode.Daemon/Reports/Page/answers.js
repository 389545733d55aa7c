// Greedy answers to held-out prompts, before and after training.

const ANSWER_PAGE = 6;
const ANSWER_FILTERS = [
  { key: "fixed", title: "fixed", of: (a) => a.beforeCorrect === false && a.afterCorrect === true },
  { key: "broken", title: "broken", of: (a) => a.beforeCorrect === true && a.afterCorrect === false },
  { key: "wrong", title: "still wrong", of: (a) => a.beforeCorrect === false && a.afterCorrect === false },
  { key: "all", title: "all", of: () => true },
];

function verdict(correct) {
  if (correct === true) return make("span", { class: "good", text: "✓ correct" });
  if (correct === false) return make("span", { class: "bad", text: "✗ wrong" });
  return make("span", { class: "note", text: "not judged" });
}

function answerCard(answer) {
  const side = (title, text, correct) => make("div", {},
    make("h4", {}, `${title} `, text === undefined ? null : verdict(correct)),
    text === undefined ? make("p", { class: "note", text: "Not recorded." }) : labelled(showText(make("div", { class: "text" }), text), `${title}, answer ${answer.index}`));
  return make("article", { class: "answer", "aria-label": `Answer ${answer.index}` },
    make("div", { class: "head" }, make("h3", { text: `Prompt ${answer.index}` }),
      make("span", {}, "reference ", answer.reference === undefined ? "none" : make("span", { class: "quoted", text: visible(answer.reference) }))),
    labelled(showText(make("div", { class: "text" }), answer.prompt), `Prompt ${answer.index}`),
    make("div", { class: "pair" }, side("Before", answer.before, answer.beforeCorrect), side("After", answer.after, answer.afterCorrect)));
}

function labelled(node, label) {
  node.setAttribute("aria-label", label);
  return node;
}

function showAnswers(data) {
  const { shown, total } = data.answers;
  if (total === 0) {
    byId("answers-filter").hidden = true;
    byId("answers-note").textContent = "No answers recorded.";
    return;
  }

  const totals = {
    fixed: data.answers.fixed, broken: data.answers.broken, all: total,
    wrong: shown.length === total ? shown.filter(ANSWER_FILTERS[2].of).length : null,
  };
  let filter = ANSWER_FILTERS.find(({ key }) => totals[key] > 0);
  let visibleCount = ANSWER_PAGE;
  for (const choice of ANSWER_FILTERS) {
    const radio = make("input", { type: "radio", name: "answers", value: choice.key, checked: choice === filter });
    radio.addEventListener("change", () => { filter = choice; visibleCount = ANSWER_PAGE; draw(); });
    const many = totals[choice.key] === null ? "" : ` (${count(totals[choice.key])})`;
    byId("answers-filter").append(make("label", {}, radio, ` ${choice.title}${many}`));
  }

  function draw() {
    const matching = shown.filter(filter.of);
    byId("answers-list").replaceChildren(...matching.slice(0, visibleCount).map(answerCard));
    const left = matching.length - visibleCount;
    byId("answers-more").hidden = left <= 0;
    byId("answers-more").textContent = `Show ${Math.min(left, ANSWER_PAGE)} more`;
    const omitted = total - shown.length;
    byId("answers-note").textContent = (matching.length === 0 ? `None of ${plural(total, "answer")}.` :
      `${count(Math.min(visibleCount, matching.length))} of ${count(matching.length)} shown.`) +
      (omitted > 0 ? ` ${plural(omitted, "answer")} left out to keep the page small; the run folder has all in answers.jsonl.` : "");
  }

  byId("answers-more").addEventListener("click", () => {
    const first = visibleCount;
    visibleCount += ANSWER_PAGE;
    draw();
    byId("answers-list").children[first]?.querySelector(".text")?.focus();
  });
  draw();
}
