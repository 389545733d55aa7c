using OpdCode.Daemon.Bench.Work;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using TorchSharp;
using Cases = System.Collections.Generic.IReadOnlyDictionary<string, System.Func<OpdCode.Daemon.Bench.BenchSetting, OpdCode.Daemon.Bench.BenchCase>>;
using CasesByName = System.Collections.Generic.Dictionary<string, System.Func<OpdCode.Daemon.Bench.BenchSetting, OpdCode.Daemon.Bench.BenchCase>>;

namespace OpdCode.Daemon.Bench;

/// <summary>What is compared with what, and what the machine would allow.</summary>
internal static class BenchCases
{
    private const int Prompts = 64, Samples = 4, Places = 128;
    private const int Growth8 = 8;

    private static readonly BenchShape s_50M = new(512, 8, 8, 4, 1408, 51_000);

    // As many operations as the step of the student, and next to nothing to compute in them: what remains is calls.
    private static readonly BenchShape s_nothing = new(8, BenchShape.Student.Layers, 2, 1, 8, 64);

    /// <summary>The student writing, against plain generation.</summary>
    public static Cases Rollout { get; } = new CasesByName
    {
        ["rollout/64x4"] = setting => new BenchCase("tokens/s", () => Writing(setting, Prompts, naive: false), () => Writing(setting, Prompts, naive: true),
            machine => WritingWork.Tokens(Prompts, Samples) / WritingWork.Seconds(setting.Config(BenchShape.Student), Prompts, Samples, Places, machine)),
        ["rollout/decode-1"] = setting => new BenchCase("tokens/s",
            () => new DecodingWork(setting.CreateDecoder(BenchShape.Student), naive: false), () => new DecodingWork(setting.CreateDecoder(BenchShape.Student), naive: true),
            machine => DecodingWork.ResponseLength / WritingCeiling.Seconds(
                setting.Config(BenchShape.Student), [DecodingWork.PromptLength], [(DecodingWork.PromptLength, DecodingWork.ResponseLength)], DecodingWork.ResponseLength, machine)),
    };

    /// <summary>The teacher reading: against padded rows, against computing again, and in bfloat16 against float32.</summary>
    public static Cases Score { get; } = new CasesByName
    {
        ["score/16-1024"] = setting => new BenchCase("tokens/s",
            () => Reading(setting), () => new NaiveReadingWork(setting.CreateDecoder(BenchShape.Teacher), Inputs(setting, BenchShape.Teacher)), machine => ReadingCeiling(setting, machine)),
        ["score/cached"] = setting => new BenchCase("tokens/s", () => Hidden(setting, cached: true), () => Hidden(setting, cached: false)),
        ["score/bfloat16"] = setting => new BenchCase("tokens/s", () => Reading(setting, torch.ScalarType.BFloat16), () => Reading(setting)),
    };

    /// <summary>A step: training alone, with the teacher's reading, with the rollouts; in bfloat16 against float32; and what it costs when there is nothing to compute.</summary>
    public static Cases Step { get; } = new CasesByName
    {
        ["step/train"] = setting => new BenchCase("tokens/s", () => Training(setting, withTeacher: false), () => NaiveTraining(setting, withTeacher: false), machine => StepCeiling(setting, withTeacher: false, machine)),
        ["step/score-train"] = setting => new BenchCase("tokens/s", () => Training(setting, withTeacher: true), () => NaiveTraining(setting, withTeacher: true), machine => StepCeiling(setting, withTeacher: true, machine)),
        ["step/whole"] = setting => new BenchCase("steps/s",
            () => new CountedWork(Writing(setting, prompts: 8, naive: false), Training(setting, withTeacher: true)),
            () => new CountedWork(Writing(setting, prompts: 8, naive: true), NaiveTraining(setting, withTeacher: true))),
        ["step/bfloat16"] = setting => new BenchCase("tokens/s", () => Training(setting, withTeacher: true, type: torch.ScalarType.BFloat16), () => Training(setting, withTeacher: true)),
        ["step/files"] = setting => new BenchCase("steps/s", () => new FilesWork(setting.Shape ?? BenchShape.Student, waits: false), () => new FilesWork(setting.Shape ?? BenchShape.Student, waits: true)),
        ["step/calls"] = setting => new BenchCase("steps/s",
            () => new CountedWork(new TrainingWork(Random(s_nothing), Random(s_nothing), new TrainingInputs(s_nothing.Vocabulary, longest: 17), withTeacher: true)),
            () => new CountedWork(Training(setting, withTeacher: true))),
    };

    /// <summary>Clip and AdamW: against one parameter after the other, and against the whole step of the same model.</summary>
    public static Cases Optimizer { get; } = new CasesByName
    {
        ["optimizer/50M"] = setting => new BenchCase("parameters/s",
            () => new OptimizerWork(setting.CreateDecoder(s_50M), naive: false), () => new OptimizerWork(setting.CreateDecoder(s_50M), naive: true), machine => 1 / OptimizerWork.Seconds(machine)),
        ["optimizer/of-step"] = setting => new BenchCase("steps/s",
            () => new CountedWork(new OptimizerWork(setting.CreateDecoder(s_50M), naive: false)), () => new CountedWork(Training(setting, withTeacher: true, s_50M))),
    };

    /// <summary>Eight times the tokens, against once.</summary>
    public static Cases Growth { get; } = new CasesByName
    {
        ["growth/rollout"] = setting => new BenchCase("tokens/s", () => Writing(setting, Growth8 * Prompts / Samples, naive: false), () => Writing(setting, Prompts / Samples, naive: false)),
        ["growth/score"] = setting => new BenchCase("tokens/s", () => Reading(setting, sets: Growth8), () => Reading(setting)),
        ["growth/step"] = setting => new BenchCase("tokens/s", () => Training(setting, withTeacher: true, sets: Growth8), () => Training(setting, withTeacher: true)),
    };

    private static TrainingInputs Inputs(BenchSetting setting, BenchShape usual, int sets = 1) => new(setting.Config(usual).VocabularySize, sets);

    private static WritingWork Writing(BenchSetting setting, int prompts, bool naive) => new(setting.CreateDecoder(BenchShape.Student), prompts, Samples, naive);

    private static ReadingWork Reading(BenchSetting setting, torch.ScalarType type = torch.ScalarType.Float32, int sets = 1) =>
        new(setting.CreateDecoder(BenchShape.Teacher, type), Inputs(setting, BenchShape.Teacher, sets));

    private static HiddenStatesWork Hidden(BenchSetting setting, bool cached) => new(setting.CreateDecoder(BenchShape.Teacher), Inputs(setting, BenchShape.Teacher), cached);

    private static TrainingWork Training(BenchSetting setting, bool withTeacher, BenchShape? usual = null, torch.ScalarType type = torch.ScalarType.Float32, int sets = 1) =>
        new(setting.CreateDecoder(usual ?? BenchShape.Student, type), Teacher(setting, usual ?? BenchShape.Student, type), Inputs(setting, usual ?? BenchShape.Student, sets), withTeacher);

    private static NaiveTrainingWork NaiveTraining(BenchSetting setting, bool withTeacher) =>
        new(setting.CreateDecoder(BenchShape.Student), Teacher(setting, BenchShape.Student, torch.ScalarType.Float32), Inputs(setting, BenchShape.Student), withTeacher);

    // The user chooses the student; its teacher has the usual shape over the same vocabulary.
    private static Decoder Teacher(BenchSetting setting, BenchShape student, torch.ScalarType type) =>
        Random(BenchShape.Teacher with { Vocabulary = setting.Config(student).VocabularySize }, type);

    private static Decoder Random(BenchShape shape, torch.ScalarType type = torch.ScalarType.Float32)
    {
        TorchRuntime.EnsureLoaded();
        var decoder = new Decoder(shape.Config(), torch.CPU, type);
        decoder.Initialize(2);
        return decoder;
    }

    private static double ReadingCeiling(BenchSetting setting, BenchMachine machine)
    {
        DecoderConfig teacher = setting.Config(BenchShape.Teacher);
        TrainingInputs inputs = Inputs(setting, BenchShape.Teacher);
        double head = 2.0 * teacher.VocabularySize * teacher.HiddenSize * inputs.ResponseTokens, blocks = 2.0 * TrainingInputs.BlockWeights(teacher) * inputs.Tokens;
        return inputs.ResponseTokens / machine.Seconds(head + blocks, 4.0 * teacher.ParameterCount);
    }

    // Forward once and backward twice; the teacher forward only.
    private static double StepCeiling(BenchSetting setting, bool withTeacher, BenchMachine machine)
    {
        DecoderConfig student = setting.Config(BenchShape.Student), teacher = (BenchShape.Teacher with { Vocabulary = student.VocabularySize }).Config();
        TrainingInputs inputs = Inputs(setting, BenchShape.Student);
        double rows = inputs.ResponseTokens, vocabulary = student.VocabularySize;
        double operations = (6.0 * TrainingInputs.BlockWeights(student) * inputs.Tokens) + (rows * vocabulary * ((6.0 * student.HiddenSize) + (2.0 * teacher.HiddenSize)));
        if (withTeacher) operations += 2.0 * TrainingInputs.BlockWeights(teacher) * inputs.Tokens;
        return rows / machine.Seconds(operations, 4.0 * (student.ParameterCount + teacher.ParameterCount));
    }
}
