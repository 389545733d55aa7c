using System.Text.RegularExpressions;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Environments;

/// <summary>
/// Runs a harness with the student as it is now and gives its last prompt to the judge (OPHSD, arXiv 2605.08741). All
/// rollouts of a step go through a stage together. A rollout without a last prompt is not learned from.
/// </summary>
internal sealed class HarnessContext : IContextSource
{
    private static readonly TimeSpan s_matchLimit = TimeSpan.FromSeconds(1);

    private readonly HarnessContextRecipe _recipe;
    private readonly HarnessDefinition _harness;
    private readonly LanguageModel _student;
    private readonly PromptFormat _format;
    private readonly ExampleMemory _memory = new();
    private readonly long _seed;
    private readonly (HarnessStage Stage, ContextTemplate Prompt, Regex? Parser)[] _stages;
    private readonly Dictionary<string, (HarnessRetrieval Retrieval, ContextTemplate Format)> _retrievals;
    private readonly ContextTemplate[] _final;

    /// <summary>Parses the harness's templates and patterns.</summary>
    /// <exception cref="OpdException">OPD1321 naming the part of the harness that is wrong.</exception>
    public HarnessContext(HarnessContextRecipe recipe, HarnessDefinition harness, LanguageModel student, PromptFormat format, PromptSource prompts, long seed)
    {
        (_recipe, _harness, _student, _format, _seed) = (recipe, harness, student, format, seed);
        _stages = [.. harness.Stages.Select(s => (s, ContextTemplate.Parse(s.Prompt, $"stage {s.Name} of the harness"), s.Parser is null ? null : Compile(s)))];
        _retrievals = harness.Retrieve.ToDictionary(r => r.Key, r => (r.Value, ContextTemplate.Parse(r.Value.Format, $"retrieve.{r.Key} of the harness")), StringComparer.Ordinal);
        _final = [.. harness.Final.Select(text => ContextTemplate.Parse(text, "final of the harness"))];
        harness.CheckNames(recipe.Harness, prompts.Loaded.SelectMany(e => e.Extra?.Select(c => c.Key) ?? []));
    }

    /// <inheritdoc />
    public IMethodState? State => _retrievals.Count > 0 ? _memory : null;

    /// <inheritdoc />
    public IReadOnlyList<int[]?> Prompts(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel)
    {
        // One harness run for each prompt of the step: its rollouts share the context, as they share the prompt.
        TrainingExample[] examples = [.. rollouts.Select(r => r.Source).Distinct(ReferenceEqualityComparer.Instance).Cast<TrainingExample>()];
        Dictionary<string, string>[] results = [.. examples.Select(_ => new Dictionary<string, string>(StringComparer.Ordinal))];
        for (int stage = 0; stage < _stages.Length; stage++) Run(stage, examples, results, step, cancel);
        var contexts = new Dictionary<TrainingExample, int[]?>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < examples.Length; i++)
        {
            string? text = _final.Select(f => Fill(f, examples[i], results[i])).FirstOrDefault(t => t is not null);
            contexts[examples[i]] = text is null ? null : ContextPrompt.Encode(_student, _format, examples[i], text);
        }
        // What was met in this step can be looked up from the next one on: an example never finds its own answer.
        foreach (TrainingExample example in examples.Where(e => e.Answer is not null)) _memory.Add(example);
        return [.. rollouts.Select(r => contexts[r.Source])];
    }

    private void Run(int number, TrainingExample[] examples, Dictionary<string, string>[] results, int step, CancellationToken cancel)
    {
        (HarnessStage stage, ContextTemplate template, Regex? parser) = _stages[number];
        List<int> places = [];
        List<int[]> prompts = [];
        for (int i = 0; i < examples.Length; i++)
        {
            if (Fill(template, examples[i], results[i]) is not { } text) continue;
            places.Add(i);
            prompts.Add(ContextPrompt.Encode(_student, _format, examples[i], text));
        }
        var options = new SamplingOptions
        {
            MaxNewTokens = Math.Min(_recipe.MaxNewTokens, stage.MaxNewTokens ?? int.MaxValue), Temperature = _recipe.Temperature, StopIds = _student.StopIds, Seed = _seed,
        };
        long[] streams = [.. places.Select(place => RandomStream.ForContext(step, 2 + number, place))];
        IReadOnlyList<GeneratedSequence> written = Generator.Generate(_student.Decoder, _student.VocabularySize, prompts, streams, options, cancel: cancel);
        for (int i = 0; i < places.Count; i++)
            if (Parse(_student.DecodeResponse(written[i].Ids), parser) is { } result) results[places[i]][stage.Name] = result;
    }

    /// <summary>What a stage's text says: null for nothing.</summary>
    internal static string? Parse(string text, Regex? parser)
    {
        string? result = text;
        if (parser is not null)
        {
            try
            {
                Match? last = parser.Matches(text).LastOrDefault();
                result = last?.Groups.Values.Skip(1).FirstOrDefault(g => g.Success)?.Value ?? last?.Value;
            }
            catch (RegexMatchTimeoutException)
            {
                result = null;
            }
        }
        return string.IsNullOrWhiteSpace(result) ? null : result.Trim();
    }

    // The text with its names filled in; null where one of them has no value.
    private string? Fill(ContextTemplate template, TrainingExample example, Dictionary<string, string> results)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in template.Names)
        {
            if (Value(name, example, results) is not { } value) return null;
            values[name] = value;
        }
        return template.Fill(name => values[name]);
    }

    private string? Value(string name, TrainingExample example, Dictionary<string, string> results)
    {
        if (name == HarnessDefinition.HintName) return _recipe.Hint is null ? "" : example.Column(_recipe.Hint) ?? "";
        if (results.TryGetValue(name, out string? result)) return result;
        if (_retrievals.TryGetValue(name, out (HarnessRetrieval Retrieval, ContextTemplate Format) found)) return Retrieve(found.Retrieval, found.Format, example, results);
        return _harness.Stages.Any(s => s.Name == name) ? null : example.Column(name);
    }

    private string? Retrieve(HarnessRetrieval retrieval, ContextTemplate format, TrainingExample example, Dictionary<string, string> results)
    {
        if (_memory.Count < retrieval.AtLeast) return null;
        string? same = null, other = null;
        if (retrieval.SameAnswerAs is not null && !results.TryGetValue(retrieval.SameAnswerAs, out same)) return null;
        if (retrieval.OtherAnswerThan is not null && !results.TryGetValue(retrieval.OtherAnswerThan, out other)) return null;
        TrainingExample[] nearest = _memory.Nearest(example, retrieval.K, e => (same is null || e.Answer?.Trim() == same) && (other is null || e.Answer?.Trim() != other));
        return nearest.Length == 0 ? null : string.Concat(nearest.Select(e => format.Fill(name => e.Column(name) ?? "")));
    }

    private Regex Compile(HarnessStage stage)
    {
        try
        {
            return new Regex(stage.Parser!, RegexOptions.CultureInvariant, s_matchLimit);
        }
        catch (ArgumentException failure)
        {
            throw new OpdException(ErrorCodes.ContextInvalid, $"The harness {_recipe.Harness}: the parser of stage {stage.Name}, {stage.Parser}, is no regular expression: {failure.Message}", failure);
        }
    }
}
