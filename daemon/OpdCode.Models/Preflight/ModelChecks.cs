using OpdCode.Models.Templates;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Models.Preflight;

/// <summary>Do student and teacher mean the same by a token, and do they agree where a response ends?</summary>
internal static class ModelChecks
{
    private const string Probe = "OpdCodeProbe";

    public static IEnumerable<Problem> OfStudent(RecipeReading reading, ModelFacts student)
    {
        if (student.StopIds.Count == 0)
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Warning, student.Setting,
                $"{student.Setting}: nothing ends a response: no end token in generation_config.json, config.json or tokenizer_config.json. Every rollout would run to rollout.maxNewTokens.");
        if (student.Tokenizer.PadId is { } pad && student.StopIds.Contains(pad))
            yield return reading.ProblemAt(ErrorCodes.PadIsEnd, ProblemSeverity.Information, student.Setting,
                $"{student.Setting}: the padding token {Name(student, pad)} also ends responses. OpdCode does not pad, so nothing is wrong here; other tools may mask the end of every answer.");
        if (EndOfTurn(student) is { } end && !student.StopIds.Contains(end))
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Warning, student.Setting,
                $"{student.Setting}: the chat template ends an answer with {Name(student, end)}, but responses are only ended by {Names(student, student.StopIds)}. "
                + "The student would write on to the length limit. Add the id to eos_token_id in generation_config.json.");
    }

    public static IEnumerable<Problem> OfPair(RecipeReading reading, ModelFacts student, ModelFacts teacher)
    {
        if (TokenDifference(student, teacher) is { } difference)
        {
            yield return reading.ProblemAt(ErrorCodes.TokenizersDiffer, ProblemSeverity.Error, teacher.Setting, difference);
            yield break;
        }
        if (student.Config.VocabularySize != teacher.Config.VocabularySize)
            yield return reading.ProblemAt(ErrorCodes.VocabularySizesDiffer, ProblemSeverity.Information, teacher.Setting,
                $"The student's head has {student.Config.VocabularySize:N0} rows and the teacher's {teacher.Config.VocabularySize:N0}; both share {Math.Min(student.VocabularySize, teacher.VocabularySize):N0} tokens. The other rows are padding and left out.");
        if (student.StopIds.Count > 0 && teacher.StopIds.Count > 0 && !student.StopIds.Overlaps(teacher.StopIds))
            yield return reading.ProblemAt(ErrorCodes.StopTokensDiffer, ProblemSeverity.Warning, teacher.Setting,
                $"The student's responses end with {Names(student, student.StopIds)}, the teacher's with {Names(teacher, teacher.StopIds)}: the teacher will judge that the student should not stop, and lengths explode. "
                + "Usual cause: one is a base model, the other an instruct model.");
    }

    /// <summary>What differs between two tokenizers, by content; null when every id means the same.</summary>
    internal static string? TokenDifference(ModelFacts student, ModelFacts teacher)
    {
        if (student.Tokenizer.ContentHash == teacher.Tokenizer.ContentHash) return null;
        int shared = Math.Min(student.VocabularySize, teacher.VocabularySize);
        for (int id = 0; id < shared; id++)
        {
            if (student.Tokenizer.Bytes(id).SequenceEqual(teacher.Tokenizer.Bytes(id))) continue;
            return $"Student and teacher have different tokenizers: id {id} is \"{student.Tokenizer.TokenText(id)}\" for the student and \"{teacher.Tokenizer.TokenText(id)}\" for the teacher. "
                + "Choose a teacher of the same family; token probabilities cannot be compared across tokenizers.";
        }
        return student.VocabularySize > teacher.VocabularySize
            ? $"The student can write {student.VocabularySize:N0} tokens and the teacher knows only {teacher.VocabularySize:N0} of them. Choose a teacher of the same family."
            : null;
    }

    // The special token that the template puts behind an answer.
    private static int? EndOfTurn(ModelFacts model)
    {
        if (model.Template is null) return null;
        string text;
        try
        {
            text = model.Render([new ChatMessage("user", Probe), new ChatMessage("assistant", Probe)], addGenerationPrompt: false)!;
        }
        catch (OpdException)
        {
            return null; // a template that refuses this conversation is reported with the user's own prompt
        }
        int after = text.LastIndexOf(Probe, StringComparison.Ordinal);
        if (after < 0) return null;
        int[] ids = model.Tokenizer.Encode(text[(after + Probe.Length)..], Tokenization.SpecialTokens.None).Ids;
        int special = Array.FindIndex(ids, model.Tokenizer.IsSpecial);
        return special < 0 ? null : ids[special];
    }

    private static string Name(ModelFacts model, int id) => $"{model.Tokenizer.TokenText(id)} ({id})";

    private static string Names(ModelFacts model, IEnumerable<int> ids) => string.Join(", ", ids.Order().Take(4).Select(id => Name(model, id)));
}
