using System.Globalization;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Editing;

namespace OpdCode.Models.Preflight;

/// <summary>Do student and teacher mean the same by a token, and do they agree where a response ends?</summary>
internal static class ModelChecks
{
    public static IEnumerable<Problem> OfStudent(RecipeReading reading, ModelFacts student)
    {
        if (student.StopIds.Count == 0)
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Warning, student.Setting,
                $"{student.Setting}: nothing ends a response: no end token in generation_config.json, config.json or tokenizer_config.json. Every rollout would run to rollout.maxNewTokens.");
        if (student.Tokenizer.PadId is { } pad && student.StopIds.Contains(pad))
            yield return reading.ProblemAt(ErrorCodes.PadIsEnd, ProblemSeverity.Information, student.Setting,
                $"{student.Setting}: the padding token {Name(student, pad)} also ends responses. OpdCode does not pad, so nothing is wrong here; other tools may mask the end of every answer.");
        if (student.Ends.EndOfTurn is { } end && !student.Ends.EndOfTurnIsDeclared)
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Information, student.Setting,
                $"{student.Setting}: the chat template ends an answer with {Name(student, end)}, which no file of the model names as an end. OpdCode stops there too; other tools may write on. "
                + "To tell them, add the id to eos_token_id in generation_config.json.");
        if (student.Ends.HasStopStrings)
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Information, student.Setting,
                $"{student.Setting}: generation_config.json has stop_strings. OpdCode does not use them: responses end at end tokens or at the length limit.");
        if (student.IsAdapter && reading.Recipe?.Student.Lora is not null)
            yield return reading.ProblemAt(ErrorCodes.AdapterInvalid, ProblemSeverity.Error, "student.lora",
                "student.model is the folder of an adapter, which is trained on as it is, and student.lora asks for another one. Remove student.lora, or start from the merged model.");
    }

    public static IEnumerable<Problem> OfPair(RecipeReading reading, ModelFacts student, ModelFacts teacher)
    {
        if (TokenDifference.Find(student.Tokenizer, student.VocabularySize, teacher.Tokenizer, teacher.VocabularySize) is { } difference)
        {
            yield return reading.ProblemAt(ErrorCodes.TokenizersDiffer, ProblemSeverity.Error, teacher.Setting, difference);
            yield break;
        }
        if (teacher.Config.VocabularySize < student.VocabularySize)
            yield return reading.ProblemAt(ErrorCodes.VocabularyMismatch, ProblemSeverity.Error, teacher.Setting,
                $"The student can write {student.VocabularySize:N0} tokens and the head of the {teacher.Role} has rows for only {teacher.Config.VocabularySize:N0} of them. Choose a model of the same family.");
        else if (student.Config.VocabularySize != teacher.Config.VocabularySize)
            yield return reading.ProblemAt(ErrorCodes.VocabularySizesDiffer, ProblemSeverity.Information, teacher.Setting,
                $"The student's head has {student.Config.VocabularySize:N0} rows and that of the {teacher.Role} {teacher.Config.VocabularySize:N0}; both share {Math.Min(student.VocabularySize, teacher.VocabularySize):N0} tokens. The other rows are padding and left out.");
        if (teacher.Role == "teacher" && student.StopIds.Count > 0 && teacher.StopIds.Count > 0 && !student.StopIds.Overlaps(teacher.StopIds))
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Warning, teacher.Setting,
                $"The student's responses end with {Names(student, student.StopIds)}, the teacher's with {Names(teacher, teacher.StopIds)}: the teacher will judge that the student should not stop, and lengths explode. "
                + "Usual cause: one is a base model, the other an instruct model.");
    }

    /// <summary>
    /// Is the learning rate one that weights of this number are trained at? From a billion weights on the range covers the
    /// published distillation recipes (TRL 1e-7 and 1e-6, NeMo-RL 2e-5, Tinker 5e-5, and 1e-4 with an adapter); below that it
    /// is inferred from pre-training and from the samples. Adapters take about ten times the rate of full weights.
    /// </summary>
    public static IEnumerable<Problem> OfLearningRate(RecipeReading reading, ModelFacts student)
    {
        Recipe recipe = reading.Recipe!;
        bool adapts = recipe.Student.Lora is not null || student.IsAdapter;
        long weights = student.Config.ParameterCount;
        (double least, double most, string usual) = (adapts, weights) switch
        {
            (false, < 20_000_000) => (1e-5, 1e-2, "1e-3"),
            (false, < 200_000_000) => (3e-6, 1e-3, "1e-4"),
            (false, < 1_000_000_000) => (1e-6, 2e-4, "2e-5"),
            (false, < 15_000_000_000) => (1e-7, 5e-5, "1e-5"),
            (false, _) => (1e-7, 2e-5, "5e-6"),
            (true, < 200_000_000) => (3e-5, 1e-2, "1e-3"),
            (true, < 15_000_000_000) => (5e-6, 1e-3, "1e-4"),
            (true, _) => (5e-6, 5e-4, "1e-4"),
        };
        double rate = recipe.Optimizer.LearningRate;
        if (rate == 0 || rate >= least && rate <= most) yield break;
        yield return reading.ProblemAt(ErrorCodes.LearningRateForSize, ProblemSeverity.Warning, "optimizer.learningRate", string.Create(CultureInfo.InvariantCulture,
            $"optimizer.learningRate is {rate:G3}; {(adapts ? "an adapter on a model" : "all weights of a model")} of {Count(weights)} weights {(adapts ? "is" : "are")} usually trained at {least:G1} to {most:G1}. {(rate > most ? "Higher rates were seen to destroy what the model knows" : "Lower rates barely move it")}; begin with {usual}."),
            Cure.Set("optimizer.learningRate", usual));
    }

    private static string Count(long weights) => string.Create(CultureInfo.InvariantCulture, $"{(weights >= 1_000_000_000 ? weights / 1e9 : weights / 1e6):G3} {(weights >= 1_000_000_000 ? "billion" : "million")}");

    private static string Name(ModelFacts model, int id) => $"{model.Tokenizer.TokenText(id)} ({id})";

    private static string Names(ModelFacts model, IEnumerable<int> ids) => string.Join(", ", ids.Order().Take(4).Select(id => Name(model, id)));
}
