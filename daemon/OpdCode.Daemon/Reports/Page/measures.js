// What can be shown on a token. Thresholds are absolute and the same for every rollout, so equal colours mean equal
// numbers; the reader may move them. Values are those of the run: nothing is computed here but one subtraction.

const LEVEL_WORDS = ["", "low", "medium", "high"];

const MEASURES = [
  {
    key: "logRatio", title: "Log-ratio student/teacher", short: "log-ratio", unit: "nats", twoSided: true, centre: 0, thresholds: [0.5, 1.5, 3],
    value: (r, t) => real(r.studentLogprobs?.[t]) - real(r.teacherLogprobs?.[t]),
    words: () => "log p(student) − log p(teacher) of the token that the student wrote, in nats. Support: that one token.",
    positive: "student more confident", negative: "teacher more confident", neutral: "close to agreement",
  },
  {
    key: "divergence", title: "Divergence", short: "divergence", unit: "nats", twoSided: false, centre: 0, thresholds: [0.1, 0.5, 1.5],
    value: (r, t) => real(r.divergence?.[t]),
    words: (r) => r?.divergenceLabel ? `${visible(r.divergenceLabel)}, per token, before weights.` : "Estimator not recorded; nats per token, before weights.",
    positive: "student and teacher differ", negative: "below zero: only an estimate can be", neutral: "close to agreement",
  },
  {
    key: "studentEntropy", title: "Student entropy", short: "student entropy", unit: "nats", twoSided: false, centre: 0, thresholds: [0.5, 1, 2],
    value: (r, t) => real(r.studentEntropy?.[t]),
    words: () => "Entropy of the student's next-token distribution, full vocabulary, in nats. Never negative.",
    positive: "student undecided", negative: "", neutral: "student decided",
  },
  {
    key: "teacherEntropy", title: "Teacher entropy", short: "teacher entropy", unit: "nats", twoSided: false, centre: 0, thresholds: [0.5, 1, 2],
    value: (r, t) => real(r.teacherEntropy?.[t]),
    words: () => "Entropy of the teacher's next-token distribution, full vocabulary, in nats. Never negative.",
    positive: "teacher undecided", negative: "", neutral: "teacher decided",
  },
  {
    key: "advantage", title: "Advantage", short: "advantage", unit: "", twoSided: true, centre: 0, thresholds: [0.5, 1.5, 3],
    value: (r, t) => real(r.advantage?.[t]),
    words: () => "Detached advantage of the token that the student wrote.",
    positive: "token made more likely", negative: "token made less likely", neutral: "hardly changed",
  },
  {
    key: "weight", title: "Weight", short: "weight", unit: "", twoSided: true, centre: 1, thresholds: [0.1, 0.5, 0.9],
    value: (r, t) => real(r.weight?.[t]),
    words: () => "What the token's loss was multiplied with; thresholds are distances from the neutral 1.",
    positive: "counts more", negative: "counts less", neutral: "neutral",
  },
  {
    key: "loss", title: "Loss", short: "loss", unit: "nats", twoSided: true, centre: 0, thresholds: [0.1, 0.5, 1.5],
    value: (r, t) => real(r.loss?.[t]),
    words: () => "The token's contribution to the loss, weight included, before the normalizer.",
    positive: "adds to the loss", negative: "takes from the loss", neutral: "hardly any",
  },
];

const trained = (rollout, t) => (rollout.mask?.[t] ?? 1) !== 0;

/** −3 to 3; undefined where the value was not recorded. */
function levelOf(measure, thresholds, value) {
  if (value === undefined || Number.isNaN(value)) return undefined;
  const distance = value - measure.centre;
  const size = Math.abs(distance);
  let level = 0;
  while (level < 3 && size >= thresholds[level]) level++;
  return distance < 0 ? -level || 0 : level;
}

/** "+3.41 nats": sign where the sign means something. */
function measureText(measure, value) {
  if (value === undefined || Number.isNaN(value)) return "not recorded";
  const number = measure.twoSided && measure.centre === 0 ? signed(value) : format(value);
  return measure.unit ? `${number} ${measure.unit}` : number;
}

/** "student more confident, high". */
function levelText(measure, level) {
  if (level === undefined) return "not recorded";
  if (level === 0) return measure.neutral;
  return `${level > 0 ? measure.positive : measure.negative}, ${LEVEL_WORDS[Math.abs(level)]}`;
}

/** The line that screen readers hear and the token list shows. */
function tokenLine(rollout, t, measure, thresholds) {
  const space = spaceWords(rollout.tokenTexts[t]);
  const parts = [`#${t + 1} ${quote(rollout.tokenTexts[t])}${space ? ` ${space}` : ""}`];
  if (rollout.studentLogprobs) parts.push(`student ${probability(rollout.studentLogprobs[t])}`);
  if (rollout.teacherLogprobs) parts.push(`teacher ${probability(rollout.teacherLogprobs[t])}`);
  if (rollout.teacherRank) parts.push(`(rank ${rollout.teacherRank[t]})`);
  if (!trained(rollout, t)) return `${parts.join(" ")} not trained on`;
  const value = measure.value(rollout, t);
  const level = levelOf(measure, thresholds, value);
  const word = level === undefined ? "" : level === 0 ? ", none" : `, ${LEVEL_WORDS[Math.abs(level)]}`;
  return `${parts.join(" ")} ${measure.short} ${measureText(measure, value)}${word}`;
}

/** The token's part of the sum of |loss| over the trained tokens, in 0..1; undefined without losses. */
function lossShare(rollout, t) {
  if (!rollout.loss || !trained(rollout, t)) return undefined;
  if (rollout.lossTotal === undefined) {
    rollout.lossTotal = rollout.loss.reduce((sum, loss, i) => sum + (trained(rollout, i) ? Math.abs(real(loss)) || 0 : 0), 0);
  }
  return rollout.lossTotal > 0 ? Math.abs(real(rollout.loss[t])) / rollout.lossTotal : undefined;
}
