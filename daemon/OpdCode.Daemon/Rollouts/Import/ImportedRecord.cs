using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Models.Tokenization;

namespace OpdCode.Daemon.Rollouts.Import;

/// <summary>Makes a line of a rollout file of an imported row: the response's tokens alone, everything aligned to them.</summary>
internal static class ImportedRecord
{
    /// <summary>The line, without step and index.</summary>
    /// <param name="row">The row.</param>
    /// <param name="tokenizer">Turns ids to texts and texts to ids where the row lacks them; null: ids stand for texts.</param>
    /// <param name="tokens">Response tokens.</param>
    /// <exception cref="JsonException">The row has no tokens, or an array does not fit them.</exception>
    public static JsonObject Of(ImportedRow row, ModelTokenizer? tokenizer, out int tokens)
    {
        int[]? ids = row.Ids;
        if (ids is null && row.Texts is null && tokenizer is not null && row.Response is { } response) ids = [.. tokenizer.Encode(response, SpecialTokens.None).Ids];
        int all = ids?.Length ?? row.Texts?.Length ?? throw new JsonException("there are no tokens: neither ids (token_ids, completion_ids) nor texts (tokens), and no tokenizer was given to make them of the response");
        if (row.Numbers.Count == 0) throw new JsonException("there are no numbers per token, such as logprobs");
        int prompt = Math.Min(row.PromptTokens, all), count = all - prompt;
        foreach ((string name, double[] values) in row.Numbers)
            if (values.Length != all && IsOurs(name)) throw new JsonException($"{name} has {values.Length} numbers for {all} tokens");
        string[] texts = row.Texts is { } given && given.Length == all ? given[prompt..]
            : ids is null ? throw new JsonException($"there are {row.Texts!.Length} token texts for {all} tokens")
            : [.. ids[prompt..].Select(id => tokenizer?.TokenText(id) ?? $"⟨{id}⟩")];
        var json = new JsonObject
        {
            ["version"] = 1,
            ["split"] = "imported",
            ["prompt"] = row.Prompt.Length > 0 || ids is null ? row.Prompt : tokenizer?.Decode(ids.AsSpan(0, prompt), SpecialTokens.Add) ?? "",
            ["response"] = tokenizer is not null && ids is not null ? tokenizer.Decode(ids.AsSpan(prompt), SpecialTokens.Add) : row.Texts is null && tokenizer is null ? string.Concat(texts) : row.Response ?? string.Concat(texts),
            ["reference"] = row.Reference,
            ["finish"] = row.Finish,
            ["tokenIds"] = Array(ids?[prompt..] ?? new int[count]),
            ["tokenTexts"] = Array(texts),
        };
        if (tokenizer is not null && ids is not null)
        {
            IReadOnlyList<TokenSpan> spans = tokenizer.Spans(ids.AsSpan(prompt));
            json["charStart"] = Array(spans.Select(s => s.CharStart));
            json["charEnd"] = Array(spans.Select(s => s.CharEnd));
        }
        foreach ((string name, double[] values) in row.Numbers.Where(n => n.Value.Length == all))
            json[name] = name == "mask" ? Array(values[prompt..].Select(v => v != 0 ? 1 : 0)) : Numbers(values[prompt..]);
        tokens = count;
        return json;
    }

    // An array of another engine that has another length is not about tokens; one that we know must fit.
    private static bool IsOurs(string name) => name is "mask" or "studentLogprobs" or "samplerLogprobs" or "teacherLogprobs" or "advantage" or "studentEntropy";

    private static JsonArray Array<T>(IEnumerable<T> values) => new([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]);

    private static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(v => double.IsFinite(v) ? JsonValue.Create((float)v) : (JsonNode?)JsonValue.Create(double.IsNaN(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity"))]);
}
