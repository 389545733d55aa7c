// Generated from daemon/OpdCode.Protocol; do not edit. What the documentation calls null is left out on the wire. To write the file anew:
// OPDCODE_UPDATE=1 dotnet test tests/OpdCode.Protocol.Tests -c Release

/** What this file describes, `major.minor`. */
export const protocolVersion = "1.0";

/** Names of the calls on the wire. */
export const methods = {
  /** The first call: exchanges versions and says what the client has opened. */
  initialize: "initialize",
  /** What changed since initialize: folders opened, paths that the user chose in a dialog, trust granted. Replaces all that was said before. */
  updateSession: "session/update",
  /** What there is to compute with. */
  getMachine: "machine/get",
  /** Reads a recipe and finds all of its problems; with preflight also those that need models and data. */
  validateRecipe: "recipes/validate",
  /** The recipe with every setting, its value and where the value came from. */
  resolveRecipe: "recipes/resolve",
  /** How much memory a run of the recipe needs, and whether that is there. */
  estimateRecipe: "recipes/estimate",
  /** The methods that a recipe can name. */
  listMethods: "recipes/methods",
  /** The JSON Schema of recipes. */
  getSchema: "recipes/schema",
  /** The text of a new recipe. */
  newRecipe: "recipes/new",
  /** The recipe's text with one setting changed or added, comments and layout kept. */
  editRecipe: "recipes/edit",
  /** Starts a run, or queues it when the device is taken. */
  startRun: "runs/start",
  /** Runs by filter and order, a page at a time. */
  listRuns: "runs/list",
  /** One run with its events, checkpoints and recipe. */
  getRun: "runs/get",
  /** Finishes the step, writes a checkpoint and holds; memory stays taken. */
  pauseRun: "runs/pause",
  /** Goes on from a pause, or from the last checkpoint of a run that ended before its last step. */
  resumeRun: "runs/resume",
  /** Finishes the step, writes a checkpoint and ends; the run can be resumed. */
  stopAndSaveRun: "runs/stopAndSave",
  /** Ends at once; what was done since the last checkpoint is lost. */
  abortRun: "runs/abort",
  /** Moves the folder of a run that is not active into the runs folder's trash. */
  deleteRun: "runs/delete",
  /** Starts a new run from a run's resolved recipe. */
  rerunRun: "runs/rerun",
  /** What differs between runs: settings and last metrics. */
  compareRuns: "runs/compare",
  /** Changes what people attach to a run: star, note, archived. */
  annotateRun: "runs/annotate",
  /** Moves a queued run. */
  moveInQueue: "runs/moveInQueue",
  /** Reads the run folders again, and makes the catalogue of them anew. */
  rebuildRuns: "runs/rebuild",
  /** Evaluates a checkpoint with the evaluation of its run's recipe. */
  evaluateCheckpoint: "checkpoints/evaluate",
  /** Copies a checkpoint as a model folder (adapters merged) or as an adapter folder. */
  exportCheckpoint: "checkpoints/export",
  /** Writes a run's report page. */
  writeReport: "report/write",
  /** Curves by name and range, down-sampled here. */
  getMetrics: "metrics/get",
  /** Writes the metrics of a run as CSV. */
  exportMetrics: "metrics/export",
  /** Recorded rollouts of a run, a page at a time. */
  listRollouts: "rollouts/list",
  /** One rollout with its token feedback as aligned columns. */
  getRollout: "rollouts/get",
  /** The tokens of a run or step where a metric is farthest from zero. */
  listWorstTokens: "rollouts/worst",
  /** What other stabilizers would have done to a stored rollout. */
  explainRollout: "rollouts/whatIf",
  /** Writes a rollout as a self-contained HTML page or as JSON. */
  exportRollout: "rollouts/export",
  /** Reads the token dump of another engine into a run folder of its own. */
  importRollouts: "rollouts/import",
  /** What a teacher says to every token of a text that a student is taken to have written. */
  score: "score",
  /** Text that a model writes after a prompt or a half-written answer. */
  generate: "generate",
  /** Lets go of the models that are kept loaded for scoring and generating. */
  releaseModels: "models/release",
} as const;

/** Names of what the daemon tells unasked. */
export const notifications = {
  /** Runs whose state or counters changed. */
  runsChanged: "runs/changed",
  /** How far a long call is. */
  progress: "$/progress",
} as const;

/** Parameters and answer of each call, by its name on the wire. */
export interface DaemonRequests {
  "initialize": { params: InitializeParams; result: InitializeResult };
  "session/update": { params: InitializeParams; result: EmptyResult };
  "machine/get": { params: EmptyParams; result: MachineInfo };
  "recipes/validate": { params: ValidateRecipeParams; result: RecipeValidation };
  "recipes/resolve": { params: RecipeParams; result: RecipeResolution };
  "recipes/estimate": { params: RecipeParams; result: RecipeEstimate };
  "recipes/methods": { params: EmptyParams; result: MethodList };
  "recipes/schema": { params: EmptyParams; result: RecipeSchema };
  "recipes/new": { params: NewRecipeParams; result: RecipeText };
  "recipes/edit": { params: EditRecipeParams; result: RecipeText };
  "runs/start": { params: StartRunParams; result: Run };
  "runs/list": { params: ListRunsParams; result: RunList };
  "runs/get": { params: RunParams; result: RunDetail };
  "runs/pause": { params: RunParams; result: Run };
  "runs/resume": { params: RunParams; result: Run };
  "runs/stopAndSave": { params: RunParams; result: Run };
  "runs/abort": { params: RunParams; result: Run };
  "runs/delete": { params: RunParams; result: DeletedRun };
  "runs/rerun": { params: RunParams; result: Run };
  "runs/compare": { params: CompareRunsParams; result: RunComparison };
  "runs/annotate": { params: AnnotateRunParams; result: Run };
  "runs/moveInQueue": { params: MoveInQueueParams; result: RunList };
  "runs/rebuild": { params: EmptyParams; result: RunList };
  "checkpoints/evaluate": { params: CheckpointParams; result: CheckpointScore };
  "checkpoints/export": { params: ExportCheckpointParams; result: WrittenFile };
  "report/write": { params: RunParams; result: WrittenFile };
  "metrics/get": { params: GetMetricsParams; result: MetricCurves };
  "metrics/export": { params: ExportMetricsParams; result: WrittenFile };
  "rollouts/list": { params: ListRolloutsParams; result: RolloutList };
  "rollouts/get": { params: GetRolloutParams; result: TokenFeedback };
  "rollouts/worst": { params: WorstTokensParams; result: WorstTokens };
  "rollouts/whatIf": { params: WhatIfParams; result: WhatIf };
  "rollouts/export": { params: ExportRolloutParams; result: WrittenFile };
  "rollouts/import": { params: ImportRolloutsParams; result: Run };
  "score": { params: ScoreParams; result: TokenFeedback };
  "generate": { params: GenerateParams; result: Generated };
  "models/release": { params: EmptyParams; result: EmptyResult };
}

/** Parameters of each notification, by its name on the wire. */
export interface DaemonNotifications {
  "runs/changed": RunsChanged;
  "$/progress": Progress;
}

/** Codes of errors, see docs/errors. A code never changes its meaning. */
export const errorCodes = {
  /** The recipe is not readable as JSON. */
  recipeInvalid: "OPD1001",
  /** A file that the recipe or the command line names does not exist. */
  fileNotFound: "OPD1002",
  /** The recipe has a key that is no setting there. */
  unknownKey: "OPD1003",
  /** A setting that has no default is missing. */
  missingKey: "OPD1004",
  /** A value is of another type than the setting: a text for a number, null for a list. */
  wrongType: "OPD1005",
  /** A number is outside its bounds, or a text or list is too short. */
  outOfRange: "OPD1006",
  /** A text is not one of the values that the setting knows. */
  unknownValue: "OPD1007",
  /** A key is given twice in one object. */
  duplicateKey: "OPD1008",
  /** An override of the command line (--set path=value) cannot be applied. */
  overrideInvalid: "OPD1009",
  /** A file cannot be written: it exists already, or its folder does not let it. */
  fileNotWritten: "OPD1010",
  /** A text that must be UTF-8 is not. */
  textNotUtf8: "OPD1011",
  /** Student and teacher do not share a tokenizer, so their token probabilities cannot be compared. */
  tokenizersDiffer: "OPD1101",
  /** Student and teacher have heads of different sizes over the same tokenizer. */
  vocabularySizesDiffer: "OPD1102",
  /** Student and teacher render the same messages differently. */
  templatesDiffer: "OPD1103",
  /** The student's ways to end a response are inconsistent, or differ from the teacher's. */
  stopTokensDiffer: "OPD1104",
  /** The longest prompt and the longest response do not fit a model's context together. */
  contextTooShort: "OPD1105",
  /** The run is estimated to need more memory than there is. */
  memoryTooSmall: "OPD1106",
  /** The checkpoints do not fit the disk. */
  diskTooSmall: "OPD1107",
  /** Padding and the end of a response are the same token. */
  padIsEnd: "OPD1108",
  /** The learning rate is outside what models of the student's size are usually trained at. */
  learningRateForSize: "OPD1109",
  /** A line of a data file cannot be read or lacks a column. */
  dataLineInvalid: "OPD1201",
  /** A prompt (and the response asked for) does not fit the model's context. */
  promptTooLong: "OPD1202",
  /** The data lack a column that the recipe needs. */
  dataColumnMissing: "OPD1203",
  /** Prompts are repeated in the data, or are in the training and in the held-out file. */
  dataRepeated: "OPD1204",
  /** A divergence, estimator or option of an objective is not known, or its value is out of range. */
  objectiveInvalid: "OPD1301",
  /** A model gives fewer logits per token than the vocabulary has ids, or a used id has no column. */
  vocabularyMismatch: "OPD1302",
  /** The combination of options is not a loss: its gradient is zero or points elsewhere. The message says why. */
  objectiveRefused: "OPD1303",
  /** The objective needs something that the rows do not carry: a teacher, rewards, sampler log-probabilities or pairs. */
  objectiveInputMissing: "OPD1304",
  /** What a judge is to be shown, or how candidates are scored, cannot work: a template, a harness, a missing score. */
  contextInvalid: "OPD1321",
  /** Top-k or top-p sampling under an on-policy loss. */
  truncatedSampling: "OPD1401",
  /** The student samples at another temperature than its loss sees it at. */
  temperaturesDiffer: "OPD1402",
  /** A learning rate far outside of what works. */
  learningRateUnusual: "OPD1403",
  /** The objective needs a signal and there is none. */
  signalMissing: "OPD1404",
  /** A setting that the rest of the recipe leaves without effect. */
  settingIgnored: "OPD1405",
  /** The teacher is the very model that the student starts from. */
  teacherIsStudent: "OPD1406",
  /** Greedy rollouts where samples are needed. */
  greedyRollouts: "OPD1407",
  /** The warm-up lasts as long as the run. */
  warmupTooLong: "OPD1408",
  /** Something is asked to happen less often than the run is long. */
  neverHappens: "OPD1409",
  /** The held-out file is the training file. */
  evaluatesOnTraining: "OPD1410",
  /** A top-k support of one renormalised token: the divergence is always 0. */
  renormalizedTopOne: "OPD1411",
  /** A group objective with fewer than two rollouts per prompt. */
  groupTooSmall: "OPD1412",
  /** A lower bound above its upper bound, or two rates in the wrong order. */
  boundsReversed: "OPD1413",
  /** Extrapolation beyond the point where structured output was seen to break. */
  extrapolationCliff: "OPD1414",
  /** A low-rank adapter on random weights. */
  loraFromScratch: "OPD1415",
  /** An absolute path in a recipe. */
  pathAbsolute: "OPD1416",
  /** Student and teacher temperature inside the loss differ. */
  temperaturesOfLossDiffer: "OPD1417",
  /** An averaged judge follows the student so fast that decay looks like the share of the student. */
  averageReversed: "OPD1418",
  /** The recipe evaluates and has no prompts to evaluate on. */
  nothingToEvaluate: "OPD1430",
  /** A reward's settings cannot work: a pattern or schema that is none, a limit below zero. */
  rewardInvalid: "OPD1501",
  /** The user's own reward command could not be started, broke its limits, or printed no number. */
  rewardCommandFailed: "OPD1502",
  /** libtorch could not be loaded. */
  runtimeNotLoaded: "OPD2001",
  /** The device asked for is not there. */
  deviceNotFound: "OPD2002",
  /** There was not enough memory to go on. */
  outOfMemory: "OPD2003",
  /** A model folder's config.json is missing, malformed, or describes an architecture that is not supported. */
  modelConfigInvalid: "OPD2101",
  /** A safetensors file is truncated, malformed, or contradicts itself. */
  safetensorsInvalid: "OPD2102",
  /** A tensor is missing, or has another shape or type than the configuration asks for. */
  tensorMismatch: "OPD2103",
  /** tokenizer.json cannot be read or uses a part that is not supported. */
  tokenizerInvalid: "OPD2104",
  /** The chat template cannot be parsed or fails on these messages. */
  chatTemplateInvalid: "OPD2105",
  /** A LoRA adapter does not fit the model or uses an option that is not supported. */
  adapterInvalid: "OPD2106",
  /** A token id is outside the model's vocabulary. */
  tokenOutOfRange: "OPD2107",
  /** A file that is there cannot be read or written: no permission, in use by another program, a full disk. */
  fileNotAccessible: "OPD2901",
  /** Something failed that should not be able to: a mistake of the program, not of the user. Details are in a file. */
  unexpected: "OPD2902",
  /** The loss or a gradient is not finite; the step was not applied. */
  notFinite: "OPD3001",
  /** Training gave no signal: no token was scored, or every gradient was zero. */
  noSignal: "OPD3002",
  /** The run folder cannot be written, or what is in it cannot be read. */
  runFolder: "OPD3003",
  /** A checkpoint is incomplete or damaged, or is of another recipe. */
  checkpointInvalid: "OPD3004",
  /** There is no run of that id. */
  runNotFound: "OPD3005",
  /** The run is in a state that does not allow what was asked. */
  runStateInvalid: "OPD3006",
  /** The worker of a run is gone, or does not answer. */
  workerLost: "OPD3007",
  /** Another process is writing this run. */
  runBusy: "OPD3011",
  /** A model, a data file or the recipe of a run is not what it was when the run began. */
  inputsChanged: "OPD3012",
  /** Client and daemon speak versions of the protocol that do not fit together. */
  protocolVersionMismatch: "OPD4001",
  /** A request lacks a parameter, or one is outside of its range. */
  requestInvalid: "OPD4002",
  /** A path is outside of what the user opened or chose. */
  pathNotAllowed: "OPD4003",
  /** The workspace is restricted: nothing is started in it. */
  notTrusted: "OPD4004",
  /** A call came before initialize. */
  notInitialized: "OPD4005",
} as const;

/** What to attach to a run; null leaves a thing as it is. */
export interface AnnotateRunParams extends RunParams {
  /** Star it, or not. */
  readonly starred?: boolean;
  /** Put it away, or bring it back. */
  readonly archived?: boolean;
  /** The note; empty removes it. */
  readonly note?: string;
  /** The name to show. */
  readonly name?: string;
}

/** Saved weights of a run. */
export interface Checkpoint {
  /** The optimizer step it was saved after. */
  readonly step: number;
  /** Absolute path of the folder. */
  readonly folder: string;
  /** When, in UTC. */
  readonly time: string;
  /** Bytes it takes. */
  readonly bytes: number;
  /** Held-out accuracy at its step, 0 to 1; null when not evaluated. */
  readonly accuracy?: number;
  /** True for the one that resuming would take. */
  readonly latest: boolean;
  /** True for the one of the highest accuracy. */
  readonly best: boolean;
  /** True when the student was trained as an adapter. */
  readonly hasAdapter: boolean;
}

/** One checkpoint of a run. */
export interface CheckpointParams extends RunParams {
  /** Its step. */
  readonly step: number;
}

/** How good a checkpoint is. */
export interface CheckpointScore {
  /** Its step. */
  readonly step: number;
  /** 0 to 1. */
  readonly accuracy: number;
  /** How many held-out prompts. */
  readonly prompts: number;
}

/** Which runs to compare. */
export interface CompareRunsParams {
  /** Two or more; the first is the baseline. */
  readonly runIds: readonly string[];
  /** Leave out settings that are the same in all. Default: `true`. */
  readonly onlyDifferences?: boolean;
}

/** The last value of one metric in several runs. */
export interface ComparedMetric {
  /** The metric. */
  readonly name: string;
  /** What it is; null when the run did not say. */
  readonly label?: MetricDescription;
  /** By run; null where it was not written. */
  readonly values: readonly (number | null)[];
  /** Value minus that of the first run; null where either is missing. */
  readonly differences: readonly (number | null)[];
}

/** One setting in several runs. */
export interface ComparedSetting {
  /** The setting. */
  readonly path: string;
  /** JSON text by run; null where the run has no such setting. */
  readonly values: readonly (string | null)[];
}

/** Where a deleted run went. */
export interface DeletedRun {
  /** The run. */
  readonly runId: string;
  /** Absolute path of the folder now; moving it back brings the run back. */
  readonly trashFolder: string;
}

/** A change of one setting. */
export interface EditRecipeParams {
  /** The recipe's text as it is. */
  readonly text: string;
  /** The setting, for example `stabilizers[0].gamma`; an index one past the end adds an item. */
  readonly setting: string;
  /** The new value as JSON text; null removes the setting. */
  readonly value?: string;
}

/** For calls that need nothing. */
export type EmptyParams = Record<string, never>;

/** For calls whose answer is that they succeeded. */
export type EmptyResult = Record<string, never>;

/** The `data` of a JSON-RPC error: what a client shows and localises by. */
export interface ErrorData {
  /** One of `ErrorCodes`. */
  readonly code: string;
  /** What, the values seen, and what to do; English. */
  readonly message: string;
  /** The page about the code, relative to the documentation: `docs/errors/OPD2102.md`. */
  readonly help: string;
}

/** What to copy and where to. */
export interface ExportCheckpointParams extends CheckpointParams {
  /** `merged`: a model folder that works everywhere; `adapter`: the low-rank adapter alone. Default: `"merged"`. */
  readonly kind?: string;
  /** Absolute path of the folder that the user chose; it must not exist or be empty. */
  readonly folder: string;
}

/** Where to write the metrics of a run. */
export interface ExportMetricsParams extends RunParams {
  /** Absolute path of the file that the user chose. */
  readonly path: string;
}

/** What to export and where to. */
export interface ExportRolloutParams extends RunParams {
  /** The optimizer step. */
  readonly step: number;
  /** Position in the step, from 0. */
  readonly index: number;
  /** Absolute path of the file that the user chose; its extension decides: `.html` or `.json`. */
  readonly path: string;
}

/** What to write on from. */
export interface GenerateParams {
  /** Absolute path of the model folder. */
  readonly model: string;
  /** The prompt. */
  readonly prompt: string;
  /** True: the prompt is the user's turn and the chat template is applied to it. Default: `false`. */
  readonly applyTemplate?: boolean;
  /** What the answer begins with; the model goes on from there. Default: `""`. */
  readonly prefix?: string;
  /** New tokens at most, 1 to 32,768. Default: `256`. */
  readonly maxNewTokens?: number;
  /** Sampling temperature; 0: the most likely token each time. Default: `0`. */
  readonly temperature?: number;
  /** Makes sampling repeatable. Default: `0`. */
  readonly seed?: number;
  /** Where to report progress; null: nowhere. */
  readonly progressToken?: string;
}

/** What a model wrote. */
export interface Generated {
  /** The new text alone. */
  readonly text: string;
  /** `stop` or `length`. */
  readonly finish: string;
  /** New tokens. */
  readonly tokens: number;
}

/** Which curves. */
export interface GetMetricsParams {
  /** One run or several. */
  readonly runIds: readonly string[];
  /** Names of metrics; null: all. */
  readonly names?: readonly string[];
  /** First step. Default: `0`. */
  readonly fromStep?: number;
  /** Last step; null: to the end. */
  readonly toStep?: number;
  /** How many points a curve has at most, 2 to 100,000; the extremes of what is left out are kept. Default: `1000`. */
  readonly maxPoints?: number;
  /** Time constant of exponential smoothing in steps; 0: none. The raw values come as well. Default: `0`. */
  readonly smoothing?: number;
}

/** Which rollout, and which part of it. */
export interface GetRolloutParams extends RunParams {
  /** The optimizer step. */
  readonly step: number;
  /** Position in the step, from 0. */
  readonly index: number;
  /** First token of the page. Default: `0`. */
  readonly fromToken?: number;
  /** Tokens of the page at most; null: all. */
  readonly tokens?: number;
  /** Names of the columns wanted; null: all. */
  readonly columns?: readonly string[];
  /** True: the most likely tokens of both models as well; they are most of the bytes. Default: `false`. */
  readonly alternatives?: boolean;
}

/** A token dump of another engine. */
export interface ImportRolloutsParams {
  /** Absolute path of the file that the user chose. */
  readonly path: string;
  /** `auto`, `prime-rl`, `trl` or `ms-swift`. Default: `"auto"`. */
  readonly format?: string;
  /** Absolute path of a model folder whose tokenizer made the tokens: shows texts where the dump has only ids; null: none. */
  readonly tokenizer?: string;
  /** Where to report progress; null: nowhere. */
  readonly progressToken?: string;
}

/** Who the client is and what it may reach. */
export interface InitializeParams {
  /** What the client speaks, `major.minor`. */
  readonly protocolVersion: string;
  /** Name and version of the client, for the log. */
  readonly client: string;
  /** The daemon ends when this process does; null: only when its stdin closes. */
  readonly processId?: number;
  /** Absolute paths of the folders that the user opened; files elsewhere are refused unless the user chose them (`InitializeParams.chosenPaths`). Default: `[]`. */
  readonly workspaceFolders?: readonly string[];
  /** Absolute paths of folders and files outside of the workspace that the user's settings name or that the user chose in a dialog. Default: `[]`. */
  readonly chosenPaths?: readonly string[];
  /** False in a restricted workspace: recipes are read and validated, nothing is started. Default: `true`. */
  readonly trusted?: boolean;
  /** Absolute path of the folder that holds the run folders; null: `runs` in the first workspace folder. */
  readonly runsDirectory?: string;
  /** What becomes of active runs when the client goes: `keepRunning` or `checkpointAndStop`. Default: `"keepRunning"`. */
  readonly onWindowClose?: string;
}

/** Who answers. */
export interface InitializeResult {
  /** What the daemon speaks, `major.minor`. */
  readonly protocolVersion: string;
  /** Version of OpdCode. */
  readonly daemonVersion: string;
  /** Absolute path of the folder that holds the run folders. */
  readonly runsDirectory: string;
  /** Process id of the daemon. */
  readonly processId: number;
}

/** Which rollouts, in which order. */
export interface ListRolloutsParams extends RunParams {
  /** Only this step; null: all recorded steps. */
  readonly step?: number;
  /** Text that prompt or response contains; null: any. */
  readonly search?: string;
  /** Only this prompt (`RolloutInfo.promptId`): the same prompt over the steps of training; null: any. */
  readonly promptId?: string;
  /** Only correct, or only wrong ones; null: both. */
  readonly correct?: boolean;
  /** Only those that ended so: `stop` or `length`; null: any. */
  readonly finish?: string;
  /** `index`, `length`, or a token column and how to gather it: `divergence:mean`, `logRatio:max`, `weight:min`, `loss:sum`. Default: `"index"`. */
  readonly sort?: string;
  /** Largest first. Default: `false`. */
  readonly descending?: boolean;
  /** How many to leave out at the front, ≥ 0. Default: `0`. */
  readonly offset?: number;
  /** How many at most, 1 to 1,000. Default: `100`. */
  readonly limit?: number;
}

/** Which runs, in which order. */
export interface ListRunsParams {
  /** Words that name, recipe, method or note contain, all of them; null: any. */
  readonly search?: string;
  /** Only these states; null: any. */
  readonly states?: readonly RunState[];
  /** Only starred ones. Default: `false`. */
  readonly starredOnly?: boolean;
  /** Archived ones as well. Default: `false`. */
  readonly includeArchived?: boolean;
  /** `created`, `name`, `state`, `step` or `metric:NAME`. Default: `"created"`. */
  readonly sort?: string;
  /** Largest first. Default: `true`. */
  readonly descending?: boolean;
  /** How many to leave out at the front, ≥ 0. Default: `0`. */
  readonly offset?: number;
  /** How many at most, 1 to 10,000. Default: `200`. */
  readonly limit?: number;
}

/** What there is to compute with, and what `device: auto` would use. */
export interface MachineInfo {
  /** Operating system. */
  readonly system: string;
  /** .NET version. */
  readonly dotnet: string;
  /** The device that auto resolves to. */
  readonly device: string;
  /** CUDA devices that libtorch sees. */
  readonly cudaDevices: number;
  /** Version of libtorch. */
  readonly libtorch: string;
  /** Where it was loaded from. */
  readonly libtorchFolder: string;
  /** Threads that one tensor operation uses. */
  readonly threads: number;
  /** Logical processors. */
  readonly processors: number;
  /** Memory of the machine, or of the container's limit, bytes. */
  readonly availableBytes: number;
}

/** A published algorithm that a recipe can name. */
export interface MethodInfo {
  /** The name in `"method": "…"`. */
  readonly name: string;
  /** The name that people know. */
  readonly title: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** Authors and title. */
  readonly paper: string;
  /** Where to read it. */
  readonly url: string;
  /** Year of the first version. */
  readonly year: number;
  /** How sure we are of the settings: `official-code`, `paper`, `notes`, `inferred`. */
  readonly evidence: string;
}

/** All methods, oldest first. */
export interface MethodList {
  /** The methods. */
  readonly methods: readonly MethodInfo[];
}

/** One metric over the steps of one run, as aligned arrays. */
export interface MetricCurve {
  /** The run. */
  readonly runId: string;
  /** The metric. */
  readonly name: string;
  /** Optimizer steps, ascending. */
  readonly steps: readonly number[];
  /** The values; null where one is not a finite number. */
  readonly values: readonly (number | null)[];
  /** The smoothed values; null without smoothing. */
  readonly smoothed?: readonly (number | null)[];
  /** How many points there were before down-sampling. */
  readonly points: number;
}

/** Curves of metrics. */
export interface MetricCurves {
  /** One a run and name. */
  readonly curves: readonly MetricCurve[];
  /** What each metric is, by name. */
  readonly labels: Readonly<Record<string, MetricDescription>>;
}

/** What a number is. */
export interface MetricDescription {
  /** The name people read. */
  readonly title: string;
  /** For example `nats per token`; null for a plain number. */
  readonly unit?: string;
  /** Estimator, direction and support; null where there is nothing to say. */
  readonly estimator?: string;
  /** What the sign means; null where there is nothing to say. */
  readonly sign?: string;
}

/** A new place for a queued run. */
export interface MoveInQueueParams extends RunParams {
  /** Position from 1; 0 takes the run out of the queue. */
  readonly position: number;
}

/** Which recipe to write. */
export interface NewRecipeParams {
  /** A method's name; null: plain on-policy distillation, every axis spelled out. */
  readonly method?: string;
}

/** How far a long call is. */
export interface Progress {
  /** The `progressToken` that the call was given. */
  readonly token: string;
  /** What is being done, a short sentence. */
  readonly message: string;
  /** 0 to 1; null where the end is not known. */
  readonly fraction?: number;
}

/** One prompt of the data as the models see it, chat template rendered. */
export interface PromptPreviewText {
  /** As the student sees it. */
  readonly student: string;
  /** As the teacher sees it; null without a teacher. */
  readonly teacher?: string;
  /** Whether both are the same tokens. */
  readonly same: boolean;
}

/** What a run needs, in bytes. Parts take turns, so the peak is less than their sum. */
export interface RecipeEstimate {
  /** The most that is held at one time. */
  readonly peakBytes: number;
  /** What is free on the device; 0 when not known. */
  readonly availableBytes: number;
  /** True when the peak is below what is free, or that is not known. */
  readonly fits: boolean;
  /** For people: `fits: 3.2 of 24.0 GB`. */
  readonly summary: string;
  /** Bytes by part: student, teacher (all judges), gradients, optimizer, sampling, activations, loss, runtime. */
  readonly parts: Readonly<Record<string, number>>;
}

/** An edit of a recipe's text. */
export interface RecipeFix {
  /** What a button says. */
  readonly title: string;
  /** What is replaced. */
  readonly range: TextRange;
  /** What takes its place. */
  readonly newText: string;
}

/** A recipe, as a file or as the text of an editor that is not saved yet. */
export interface RecipeParams {
  /** Absolute path of the file; paths in the recipe are relative to its folder. */
  readonly path: string;
  /** The text to use instead of what the file holds; null: the file. */
  readonly text?: string;
  /** Settings that replace those of the recipe, each `path=value`. Default: `[]`. */
  readonly overrides?: readonly string[];
  /** Where to report progress; null: nowhere. */
  readonly progressToken?: string;
}

/** One problem of a recipe at its place. Lines and columns count from 0, columns in UTF-16 code units, ends are exclusive: as editors' APIs count. */
export interface RecipeProblem {
  /** One of `ErrorCodes`. */
  readonly code: string;
  /** `error`, `warning` or `information`. */
  readonly severity: string;
  /** The setting, for example `objective.beta`; empty for the whole recipe. */
  readonly path: string;
  /** Where. */
  readonly range: TextRange;
  /** What, the values seen, and what to do. */
  readonly message: string;
  /** The page about the code, relative to the documentation. */
  readonly help: string;
  /** An edit that cures it; null where a person must decide. */
  readonly fix?: RecipeFix;
}

/** A complete recipe. */
export interface RecipeResolution {
  /** The recipe as text, with the origin of every value that the file does not write as a comment; null when the recipe has errors. */
  readonly text?: string;
  /** Every setting; empty when the recipe has errors. */
  readonly settings: readonly ResolvedSetting[];
  /** All problems of the recipe. */
  readonly problems: readonly RecipeProblem[];
}

/** The JSON Schema of recipes. */
export interface RecipeSchema {
  /** The schema as JSON text. */
  readonly text: string;
}

/** The text of a recipe. */
export interface RecipeText {
  /** JSON with comments. */
  readonly text: string;
}

/** What is wrong with a recipe, all at once. */
export interface RecipeValidation {
  /** In the order of the file. */
  readonly problems: readonly RecipeProblem[];
  /** True when no problem is an error. */
  readonly ok: boolean;
  /** The method that the recipe names; null without one. */
  readonly method?: MethodInfo;
  /** The memory that a run needs; null without preflight, or when models could not be read. */
  readonly estimate?: RecipeEstimate;
  /** One prompt as student and teacher see it; null without preflight. */
  readonly preview?: PromptPreviewText;
}

/** One setting of a complete recipe. */
export interface ResolvedSetting {
  /** For example `objective.beta`. */
  readonly path: string;
  /** Its value as JSON text. */
  readonly value: string;
  /** `written`, `set` (an override), `preset` or `default`. */
  readonly origin: string;
}

/** A rollout as lists show it. */
export interface RolloutInfo {
  /** The optimizer step. */
  readonly step: number;
  /** Position in the step, from 0. */
  readonly index: number;
  /** The first 200 characters of the prompt. */
  readonly prompt: string;
  /** The first 200 characters of the response. */
  readonly response: string;
  /** Response tokens. */
  readonly tokens: number;
  /** Whether the answer is right; null when there is nothing to compare. */
  readonly correct?: boolean;
  /** `stop` or `length`. */
  readonly finish: string;
  /** The value that the list is sorted by; null for `index`. */
  readonly sortValue?: number;
  /** Mean divergence over the trained tokens; null when not recorded. */
  readonly meanDivergence?: number;
  /** Hash of the prompt: the same in every step that has it again. */
  readonly promptId: string;
}

/** A page of rollouts. */
export interface RolloutList {
  /** The page. */
  readonly rollouts: readonly RolloutInfo[];
  /** How many there are in all pages. */
  readonly total: number;
}

/** A run as lists show it: state and counters. */
export interface Run {
  /** The name of its folder, unique under the runs folder. */
  readonly id: string;
  /** Absolute path of its folder. */
  readonly folder: string;
  /** Name that people gave it, or the recipe's. */
  readonly name: string;
  /** Absolute path of the recipe it was started from; null when not known. */
  readonly recipePath?: string;
  /** The method that the recipe names; null without one. */
  readonly method?: string;
  /** Where it is in its life. */
  readonly state: RunState;
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps to do. */
  readonly steps: number;
  /** When it was asked for, in UTC. */
  readonly created: string;
  /** When it started to compute, in UTC; null while queued. */
  readonly started?: string;
  /** When it ended, in UTC; null while active. */
  readonly ended?: string;
  /** Seconds that it has still to go, from the steps made; null when not known. */
  readonly secondsLeft?: number;
  /** The newest value of every metric by name; labels come with `metrics/get`. */
  readonly latest: Readonly<Record<string, number>>;
  /** Accuracy before the first step; null when not evaluated. */
  readonly accuracyBefore?: number;
  /** Process id of its worker; null when it has none. */
  readonly workerProcess?: number;
  /** Position in the queue from 1; null when not queued. */
  readonly queuePosition?: number;
  /** Why it ended, where that was not as planned. */
  readonly failure?: RunFailure;
  /** Marked by its user. */
  readonly starred: boolean;
  /** Put away by its user. */
  readonly archived: boolean;
  /** Its user's note; null without one. */
  readonly note?: string;
  /** Bytes that its folder takes; null when not measured. */
  readonly folderBytes?: number;
  /** True for a token dump of another engine: it was not run here and cannot be resumed. */
  readonly imported: boolean;
}

/** Settings and last metrics of several runs side by side. */
export interface RunComparison {
  /** The columns. */
  readonly runIds: readonly string[];
  /** Rows of settings. */
  readonly settings: readonly ComparedSetting[];
  /** Rows of metrics. */
  readonly metrics: readonly ComparedMetric[];
}

/** One run with what lists leave out. */
export interface RunDetail {
  /** State and counters. */
  readonly run: Run;
  /** The resolved recipe as JSON text, the run's own facts under `run`. */
  readonly recipe: string;
  /** What happened, in order. */
  readonly events: readonly RunEventInfo[];
  /** All checkpoints, oldest first. */
  readonly checkpoints: readonly Checkpoint[];
  /** Steps with recorded rollouts, ascending. */
  readonly rolloutSteps: readonly number[];
  /** Names of all metrics that were written. */
  readonly metrics: readonly string[];
}

/** Something that happened to a run. */
export interface RunEventInfo {
  /** When, in UTC. */
  readonly time: string;
  /** started, resumed, evaluated, checkpoint, paused, stopped, finished, failed … */
  readonly event: string;
  /** The last optimizer step done. */
  readonly step: number;
  /** For people. */
  readonly message?: string;
}

/** What became of a run that did not end as planned. */
export interface RunFailure {
  /** One of `ErrorCodes`. */
  readonly code: string;
  /** What happened and what to do. */
  readonly message: string;
  /** Exit code of the worker; null when not known. */
  readonly exitCode?: number;
  /** The signal that ended it, for example SIGKILL; null without one. */
  readonly signal?: string;
  /** True when the system ended it for lack of memory, as far as that can be known. */
  readonly outOfMemory: boolean;
  /** The last lines of its log: forty of a run's detail, five of a list's, and those not in full length. */
  readonly logTail: readonly string[];
  /** Step of the last good checkpoint; null without one. */
  readonly checkpoint?: number;
}

/** A page of runs. */
export interface RunList {
  /** The page. */
  readonly runs: readonly Run[];
  /** How many there are in all pages. */
  readonly total: number;
}

/** One run. */
export interface RunParams {
  /** The run's id: the name of its folder. */
  readonly runId: string;
  /** Where to report progress; null: nowhere. */
  readonly progressToken?: string;
}

/** Where a run is in its life. The three ways to stop have three states. */
export type RunState = "queued" | "starting" | "running" | "pausing" | "paused" | "stopping" | "aborting" | "stopped" | "aborted" | "completed" | "failed" | "interrupted";

/** Runs whose state or counters changed since the last notification. */
export interface RunsChanged {
  /** Each as it is now. */
  readonly runs: readonly Run[];
  /** Ids of runs that are gone. */
  readonly removed: readonly string[];
}

/** A text to score. */
export interface ScoreParams {
  /** Absolute path of the model folder that is taken to have written the text; a checkpoint is one too. */
  readonly student: string;
  /** Absolute path of the model folder that judges. */
  readonly teacher: string;
  /** What stands before the text and is not scored; empty: nothing. Default: `""`. */
  readonly prompt?: string;
  /** True: the prompt is the user's turn and the chat template is applied to it. Default: `false`. */
  readonly applyTemplate?: boolean;
  /** The text, 1 to 32,768 tokens. */
  readonly text: string;
  /** How many alternatives of both models come with each token, 0 to 50. Default: `5`. */
  readonly topK?: number;
  /** Which divergence the `divergence` column holds, a name that an objective knows. Default: `"reverse-kl"`. */
  readonly divergence?: string;
  /** Where to report progress; null: nowhere. */
  readonly progressToken?: string;
}

/** What to run. */
export interface StartRunParams {
  /** Absolute path of the recipe. */
  readonly recipePath: string;
  /** Settings that replace those of the recipe, each `path=value`. Default: `[]`. */
  readonly overrides?: readonly string[];
  /** Name of the run, which names its folder; null: the recipe's name and the time. */
  readonly name?: string;
}

/** A range of a text. Counts from 0, characters in UTF-16 code units, the end is exclusive. */
export interface TextRange {
  /** Line of the first character. */
  readonly startLine: number;
  /** Its place in the line. */
  readonly startCharacter: number;
  /** Line of the character after the last. */
  readonly endLine: number;
  /** Its place in the line. */
  readonly endCharacter: number;
}

/** A part of a response. */
export interface TextSpan {
  /** `thinking`, `tool` or `masked`. */
  readonly kind: string;
  /** UTF-16 code unit of the response. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** A token that a model could have chosen. */
export interface TokenAlternative {
  /** The token. */
  readonly id: number;
  /** As text. */
  readonly text: string;
  /** Its log-probability, nats; null when -∞. */
  readonly logprob?: number;
}

/** One number a token. */
export interface TokenColumn {
  /** The name, see `TokenFeedback.columns`. */
  readonly name: string;
  /** What it is. */
  readonly label: MetricDescription;
  /** The values; null where one is not a finite number. [T] */
  readonly values: readonly (number | null)[];
  /** True when both sides of `TokenColumn.neutral` carry meaning; where not, levels are 0 to 3. */
  readonly hasSign: boolean;
  /** The value that says nothing: 1 for weights, 0 for most others. Levels are distances from it. */
  readonly neutral: number;
  /** The distances from `TokenColumn.neutral` at which levels 1, 2 and 3 of the colour scale begin, the same for all rollouts of the run. */
  readonly thresholds: readonly number[];
  /** The same from the tokens of this rollout alone. */
  readonly sampleThresholds: readonly number[];
  /** The level of each token under `TokenColumn.thresholds`: -3 to 3, 0 is neutral. [T] */
  readonly levels: readonly number[];
  /** The level of each token under `TokenColumn.sampleThresholds`. [T] */
  readonly sampleLevels: readonly number[];
  /** The level over the whole word that the token is part of, by the mean, under `TokenColumn.thresholds`. [T] */
  readonly wordLevels: readonly number[];
  /** The same over the line. [T] */
  readonly lineLevels: readonly number[];
}

/** A text and what is known about each of its tokens, as aligned arrays of T entries (the page's tokens). */
export interface TokenFeedback {
  /** The prompt as the student saw it. */
  readonly prompt: string;
  /** The whole response, whatever the page. */
  readonly response: string;
  /** The known answer or completion; null without one. */
  readonly reference?: string;
  /** Whether the answer is right; null when there is nothing to compare. */
  readonly correct?: boolean;
  /** `stop`, `length`, or `given` for a text that was scored. */
  readonly finish: string;
  /** Tokens of the whole response. */
  readonly totalTokens: number;
  /** First token of the page. */
  readonly fromToken: number;
  /** Token ids. [T] */
  readonly ids: readonly number[];
  /** Each token as text on its own; part of a character shows U+FFFD. [T] */
  readonly texts: readonly string[];
  /** Start in `TokenFeedback.response`, UTF-16 code units; tokens that share a character share its range. [T] */
  readonly starts: readonly number[];
  /** End in `TokenFeedback.response`, exclusive. [T] */
  readonly ends: readonly number[];
  /** 1 where trained on, 0 where not. [T] */
  readonly mask: readonly number[];
  /** Numbers a token, by name: `logRatio`, `divergence`, `studentLogprob`, `teacherLogprob`, `studentEntropy`, `teacherEntropy`, `advantage`, `weight`, `loss`, `lossShare`, `teacherRank`, `stage:NAME` … Only what was recorded. */
  readonly columns: readonly TokenColumn[];
  /** Most likely tokens of the student, by token; null when not asked for or not recorded. [T][K] */
  readonly studentTop?: readonly (readonly TokenAlternative[])[];
  /** Most likely tokens of the teacher, by token; null when not asked for or not recorded. [T][K] */
  readonly teacherTop?: readonly (readonly TokenAlternative[])[];
  /** Thinking, tool and prompt spans of the response that can be folded. */
  readonly spans: readonly TextSpan[];
}

/** A recipe and how thoroughly to look at it. */
export interface ValidateRecipeParams extends RecipeParams {
  /** True: look at models, tokenizers, templates, data, memory and disk as well. Default: `false`. */
  readonly preflight?: boolean;
}

/** What stabilizers do to a rollout. */
export interface WhatIf {
  /** One column a stabilizer that changed a weight (`stage:NAME`), and `weight`, the product. */
  readonly columns: readonly TokenColumn[];
  /** What each stage did, and what could not be computed from what is stored, in sentences. */
  readonly notes: readonly string[];
  /** Settings of these stabilizers that can be moved. */
  readonly settings: readonly WhatIfSetting[];
}

/** Other stabilizers for a stored rollout. */
export interface WhatIfParams extends RunParams {
  /** The optimizer step. */
  readonly step: number;
  /** Position in the step, from 0. */
  readonly index: number;
  /** The stabilizers as the JSON text of a recipe's `stabilizers` list. */
  readonly stabilizers: string;
}

/** A number of a stabilizer that can be moved. */
export interface WhatIfSetting {
  /** For example `stabilizers[0].gamma`. */
  readonly path: string;
  /** What it is, a short sentence. */
  readonly title: string;
  /** As it is. */
  readonly value: number;
  /** Least sensible value. */
  readonly minimum: number;
  /** Greatest sensible value. */
  readonly maximum: number;
}

/** One token that stands out. */
export interface WorstToken {
  /** The optimizer step. */
  readonly step: number;
  /** The rollout. */
  readonly index: number;
  /** Position in the response. */
  readonly token: number;
  /** The token. */
  readonly text: string;
  /** Up to 40 characters before it. */
  readonly before: string;
  /** Up to 40 characters after it. */
  readonly after: string;
  /** The value. */
  readonly value: number;
}

/** Tokens farthest from zero first. */
export interface WorstTokens {
  /** What the value is. */
  readonly label: MetricDescription;
  /** The tokens. */
  readonly tokens: readonly WorstToken[];
}

/** Where to look for tokens that stand out. */
export interface WorstTokensParams extends RunParams {
  /** Only this step; null: all recorded steps. */
  readonly step?: number;
  /** A token column, for example `logRatio`. Default: `"logRatio"`. */
  readonly column?: string;
  /** How many, 1 to 1,000. Default: `50`. */
  readonly count?: number;
}

/** What was written. */
export interface WrittenFile {
  /** Absolute path of the file or folder. */
  readonly path: string;
}
