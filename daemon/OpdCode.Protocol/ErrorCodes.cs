namespace OpdCode.Protocol;

/// <summary>
/// The stable codes of everything that can go wrong for a user. 1xxx recipe and data, 2xxx machine, models and
/// run time, 3xxx run, 4xxx protocol. A code never changes its meaning; a message may get better.
/// </summary>
public static class ErrorCodes
{
    /// <summary>The recipe is not readable as JSON.</summary>
    public const string RecipeInvalid = "OPD1001";

    /// <summary>A file that the recipe or the command line names does not exist.</summary>
    public const string FileNotFound = "OPD1002";

    /// <summary>The recipe has a key that is no setting there.</summary>
    public const string UnknownKey = "OPD1003";

    /// <summary>A setting that has no default is missing.</summary>
    public const string MissingKey = "OPD1004";

    /// <summary>A value is of another type than the setting: a text for a number, null for a list.</summary>
    public const string WrongType = "OPD1005";

    /// <summary>A number is outside its bounds, or a text or list is too short.</summary>
    public const string OutOfRange = "OPD1006";

    /// <summary>A text is not one of the values that the setting knows.</summary>
    public const string UnknownValue = "OPD1007";

    /// <summary>A key is given twice in one object.</summary>
    public const string DuplicateKey = "OPD1008";

    /// <summary>An override of the command line (--set path=value) cannot be applied.</summary>
    public const string OverrideInvalid = "OPD1009";

    /// <summary>A file cannot be written: it exists already, or its folder does not let it.</summary>
    public const string FileNotWritten = "OPD1010";

    /// <summary>A text that must be UTF-8 is not.</summary>
    public const string TextNotUtf8 = "OPD1011";

    /// <summary>Student and teacher do not share a tokenizer, so their token probabilities cannot be compared.</summary>
    public const string TokenizersDiffer = "OPD1101";

    /// <summary>Student and teacher have heads of different sizes over the same tokenizer.</summary>
    public const string VocabularySizesDiffer = "OPD1102";

    /// <summary>Student and teacher render the same messages differently.</summary>
    public const string TemplatesDiffer = "OPD1103";

    /// <summary>The student's ways to end a response are inconsistent, or differ from the teacher's.</summary>
    public const string StopTokensDiffer = "OPD1104";

    /// <summary>The longest prompt and the longest response do not fit a model's context together.</summary>
    public const string ContextTooShort = "OPD1105";

    /// <summary>The run is estimated to need more memory than there is.</summary>
    public const string MemoryTooSmall = "OPD1106";

    /// <summary>The checkpoints do not fit the disk.</summary>
    public const string DiskTooSmall = "OPD1107";

    /// <summary>Padding and the end of a response are the same token.</summary>
    public const string PadIsEnd = "OPD1108";

    /// <summary>The learning rate is outside what models of the student's size are usually trained at.</summary>
    public const string LearningRateForSize = "OPD1109";

    /// <summary>A line of a data file cannot be read or lacks a column.</summary>
    public const string DataLineInvalid = "OPD1201";

    /// <summary>A prompt (and the response asked for) does not fit the model's context.</summary>
    public const string PromptTooLong = "OPD1202";

    /// <summary>The data lack a column that the recipe needs.</summary>
    public const string DataColumnMissing = "OPD1203";

    /// <summary>Prompts are repeated in the data, or are in the training and in the held-out file.</summary>
    public const string DataRepeated = "OPD1204";

    /// <summary>A divergence, estimator or option of an objective is not known, or its value is out of range.</summary>
    public const string ObjectiveInvalid = "OPD1301";

    /// <summary>A model gives fewer logits per token than the vocabulary has ids, or a used id has no column.</summary>
    public const string VocabularyMismatch = "OPD1302";

    /// <summary>The combination of options is not a loss: its gradient is zero or points elsewhere. The message says why.</summary>
    public const string ObjectiveRefused = "OPD1303";

    /// <summary>The objective needs something that the rows do not carry: a teacher, rewards, sampler log-probabilities or pairs.</summary>
    public const string ObjectiveInputMissing = "OPD1304";

    /// <summary>What a judge is to be shown, or how candidates are scored, cannot work: a template, a harness, a missing score.</summary>
    public const string ContextInvalid = "OPD1321";

    /// <summary>Top-k or top-p sampling under an on-policy loss.</summary>
    public const string TruncatedSampling = "OPD1401";

    /// <summary>The student samples at another temperature than its loss sees it at.</summary>
    public const string TemperaturesDiffer = "OPD1402";

    /// <summary>A learning rate far outside of what works.</summary>
    public const string LearningRateUnusual = "OPD1403";

    /// <summary>The objective needs a signal and there is none.</summary>
    public const string SignalMissing = "OPD1404";

    /// <summary>A setting that the rest of the recipe leaves without effect.</summary>
    public const string SettingIgnored = "OPD1405";

    /// <summary>The teacher is the very model that the student starts from.</summary>
    public const string TeacherIsStudent = "OPD1406";

    /// <summary>Greedy rollouts where samples are needed.</summary>
    public const string GreedyRollouts = "OPD1407";

    /// <summary>The warm-up lasts as long as the run.</summary>
    public const string WarmupTooLong = "OPD1408";

    /// <summary>Something is asked to happen less often than the run is long.</summary>
    public const string NeverHappens = "OPD1409";

    /// <summary>The held-out file is the training file.</summary>
    public const string EvaluatesOnTraining = "OPD1410";

    /// <summary>A top-k support of one renormalised token: the divergence is always 0.</summary>
    public const string RenormalizedTopOne = "OPD1411";

    /// <summary>A group objective with fewer than two rollouts per prompt.</summary>
    public const string GroupTooSmall = "OPD1412";

    /// <summary>A lower bound above its upper bound, or two rates in the wrong order.</summary>
    public const string BoundsReversed = "OPD1413";

    /// <summary>Extrapolation beyond the point where structured output was seen to break.</summary>
    public const string ExtrapolationCliff = "OPD1414";

    /// <summary>A low-rank adapter on random weights.</summary>
    public const string LoraFromScratch = "OPD1415";

    /// <summary>An absolute path in a recipe.</summary>
    public const string PathAbsolute = "OPD1416";

    /// <summary>Student and teacher temperature inside the loss differ.</summary>
    public const string TemperaturesOfLossDiffer = "OPD1417";

    /// <summary>An averaged judge follows the student so fast that decay looks like the share of the student.</summary>
    public const string AverageReversed = "OPD1418";

    /// <summary>The recipe evaluates and has no prompts to evaluate on.</summary>
    public const string NothingToEvaluate = "OPD1430";

    /// <summary>A reward's settings cannot work: a pattern or schema that is none, a limit below zero.</summary>
    public const string RewardInvalid = "OPD1501";

    /// <summary>The user's own reward command could not be started, broke its limits, or printed no number.</summary>
    public const string RewardCommandFailed = "OPD1502";

    /// <summary>libtorch could not be loaded.</summary>
    public const string RuntimeNotLoaded = "OPD2001";

    /// <summary>The device asked for is not there.</summary>
    public const string DeviceNotFound = "OPD2002";

    /// <summary>There was not enough memory to go on.</summary>
    public const string OutOfMemory = "OPD2003";

    /// <summary>A model folder's config.json is missing, malformed, or describes an architecture that is not supported.</summary>
    public const string ModelConfigInvalid = "OPD2101";

    /// <summary>A safetensors file is truncated, malformed, or contradicts itself.</summary>
    public const string SafetensorsInvalid = "OPD2102";

    /// <summary>A tensor is missing, or has another shape or type than the configuration asks for.</summary>
    public const string TensorMismatch = "OPD2103";

    /// <summary>tokenizer.json cannot be read or uses a part that is not supported.</summary>
    public const string TokenizerInvalid = "OPD2104";

    /// <summary>The chat template cannot be parsed or fails on these messages.</summary>
    public const string ChatTemplateInvalid = "OPD2105";

    /// <summary>A LoRA adapter does not fit the model or uses an option that is not supported.</summary>
    public const string AdapterInvalid = "OPD2106";

    /// <summary>A token id is outside the model's vocabulary.</summary>
    public const string TokenOutOfRange = "OPD2107";

    /// <summary>A file that is there cannot be read or written: no permission, in use by another program, a full disk.</summary>
    public const string FileNotAccessible = "OPD2901";

    /// <summary>Something failed that should not be able to: a mistake of the program, not of the user. Details are in a file.</summary>
    public const string Unexpected = "OPD2902";

    /// <summary>The loss or a gradient is not finite; the step was not applied.</summary>
    public const string NotFinite = "OPD3001";

    /// <summary>Training gave no signal: no token was scored, or every gradient was zero.</summary>
    public const string NoSignal = "OPD3002";

    /// <summary>The run folder cannot be written, or what is in it cannot be read.</summary>
    public const string RunFolder = "OPD3003";

    /// <summary>A checkpoint is incomplete or damaged, or is of another recipe.</summary>
    public const string CheckpointInvalid = "OPD3004";

    /// <summary>There is no run of that id.</summary>
    public const string RunNotFound = "OPD3005";

    /// <summary>The run is in a state that does not allow what was asked.</summary>
    public const string RunStateInvalid = "OPD3006";

    /// <summary>The worker of a run is gone, or does not answer.</summary>
    public const string WorkerLost = "OPD3007";

    /// <summary>Another process is writing this run.</summary>
    public const string RunBusy = "OPD3011";

    /// <summary>A model, a data file or the recipe of a run is not what it was when the run began.</summary>
    public const string InputsChanged = "OPD3012";

    /// <summary>Client and daemon speak versions of the protocol that do not fit together.</summary>
    public const string ProtocolVersionMismatch = "OPD4001";

    /// <summary>A request lacks a parameter, or one is outside of its range.</summary>
    public const string RequestInvalid = "OPD4002";

    /// <summary>A path is outside of what the user opened or chose.</summary>
    public const string PathNotAllowed = "OPD4003";

    /// <summary>The workspace is restricted: nothing is started in it.</summary>
    public const string NotTrusted = "OPD4004";

    /// <summary>A call came before initialize.</summary>
    public const string NotInitialized = "OPD4005";
}
