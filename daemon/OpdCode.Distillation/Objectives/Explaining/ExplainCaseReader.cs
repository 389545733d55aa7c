using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using OpdCode.Protocol;
using OpdCode.Recipes.Methods;

namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>Reads a case of <c>opdcode explain</c> and checks that its arrays fit together.</summary>
public static class ExplainCaseReader
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowOutOfOrderMetadataProperties = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private static readonly JsonDocumentOptions s_syntax = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>The case in a text.</summary>
    /// <exception cref="OpdException">OPD1001 where it is not JSON or not a case, OPD1201 where its arrays do not fit together.</exception>
    public static ExplainCase Parse(string text)
    {
        ExplainCase question;
        try
        {
            question = WithMethod(JsonNode.Parse(text, documentOptions: s_syntax)).Deserialize<ExplainCase>(s_options) ?? throw new JsonException("The case is null.");
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.RecipeInvalid, $"The case cannot be read: {failure.Message} It needs \"objective\" (as in a recipe) or \"method\" (its name), and \"sequences\".", failure);
        }
        catch (NotSupportedException failure)
        {
            throw new OpdException(ErrorCodes.RecipeInvalid, $"The case cannot be read: \"objective\" needs a \"kind\". {failure.Message}", failure);
        }
        if (question.Sequences.Count == 0) throw Misfit("there is no sequence. Give at least one");
        int vocabulary = question.Sequences[0].Student.FirstOrDefault()?.Length ?? 0;
        if (question.Sequences.Select(s => s.ContextLogprobs?.FirstOrDefault()?.Length).Where(k => k is not null).Distinct().Count() > 1)
            throw Misfit("the sequences have different numbers of contexts in contextLogprobs");
        if (vocabulary < 2) throw Misfit("sequences[0].student needs at least one row of at least two logits");
        for (int i = 0; i < question.Sequences.Count; i++) Check(question.Sequences[i], i, vocabulary);
        return question;
    }

    // What the case writes itself wins, whole: an objective of its own is not mixed with the method's.
    private static JsonNode? WithMethod(JsonNode? node)
    {
        if (node is not JsonObject question || question["method"] is not { } named) return node;
        if (named is not JsonValue value || !value.TryGetValue(out string? name) || MethodPresets.Find(name) is not { } method)
            throw new OpdException(ErrorCodes.RecipeInvalid, $"The case names the method {named.ToJsonString()}, which is not known. Known: {string.Join(", ", MethodPresets.All.Select(m => m.Name))}.");
        foreach (string part in new[] { "objective", "stabilizers" })
            if (!question.ContainsKey(part) && method.Settings[part] is { } settings) question[part] = settings.DeepClone();
        if (!question.ContainsKey("extrapolation") && method.Settings["signal"]?["extrapolation"]?["lambda"] is { } lambda)
            question["extrapolation"] = new JsonObject { ["lambda"] = lambda.DeepClone() };
        return question;
    }

    private static void Check(ExplainSequence sequence, int index, int vocabulary)
    {
        int length = sequence.Student.Length;
        string at = $"sequences[{index}]";
        foreach ((string name, double?[][]? rows) in new[] { ("student", sequence.Student), ("teacher", sequence.Teacher), ("base", sequence.Base) })
        {
            if (rows is null) continue;
            if (rows.Length != length) throw Misfit($"{at}.{name} has {rows.Length} rows but {at}.student has {length}");
            int odd = Array.FindIndex(rows, r => r.Length != vocabulary);
            if (odd >= 0) throw Misfit($"{at}.{name}[{odd}] has {rows[odd].Length} logits but the first row of the case has {vocabulary}");
            int empty = Array.FindIndex(rows, r => Array.TrueForAll(r, z => z is null or double.NegativeInfinity));
            if (empty >= 0) throw Misfit($"{at}.{name}[{empty}] allows no token at all: every logit is minus infinity");
            if (Array.Exists(rows, r => Array.Exists(r, z => z is double.NaN or double.PositiveInfinity))) throw Misfit($"{at}.{name} holds a logit that is not a number");
        }
        foreach ((string name, Array? values) in new (string, Array?)[] { ("sampled", sequence.Sampled), ("mask", sequence.Mask), ("samplerLogprobs", sequence.SamplerLogprobs), ("oldLogprobs", sequence.OldLogprobs), ("texts", sequence.Texts), ("contextLogprobs", sequence.ContextLogprobs), ("contrastLogprobs", sequence.ContrastLogprobs) })
            if (values is not null && values.Length != length) throw Misfit($"{at}.{name} has {values.Length} entries but {at}.student has {length} rows");
        if (sequence.Sampled is { } ids && Array.FindIndex(ids, id => id < 0 || id >= vocabulary) is >= 0 and int wrong)
            throw Misfit($"{at}.sampled[{wrong}] is {ids[wrong]} but ids go from 0 to {vocabulary - 1}");
        if (sequence.ContextLogprobs is { Length: > 0 } contexts && Array.FindIndex(contexts, c => c.Length != contexts[0].Length) is >= 0 and int uneven)
            throw Misfit($"{at}.contextLogprobs[{uneven}] has {contexts[uneven].Length} contexts but the first row has {contexts[0].Length}");
        foreach ((string name, int[][]? ranges) in new[] { ("turns", sequence.Turns), ("sentences", sequence.Sentences) })
            CheckRanges($"{at}.{name}", ranges, length);
        if (sequence.Mask is { } mask && Array.Exists(mask, m => m is not (0 or 1))) throw Misfit($"{at}.mask may hold 0 and 1 only");
    }

    private static void CheckRanges(string at, int[][]? ranges, int length)
    {
        for (int i = 0, end = 0; i < (ranges?.Length ?? 0); i++)
        {
            int[] range = ranges![i];
            if (range.Length != 2 || range[0] < end || range[1] <= range[0] || range[1] > length)
                throw Misfit($"{at}[{i}] is [{string.Join(", ", range)}] but must be [from, to) behind the one before and within {length} positions");
            end = range[1];
        }
    }

    private static OpdException Misfit(string what) => new(ErrorCodes.DataLineInvalid, $"The case does not fit together: {what}.");
}
