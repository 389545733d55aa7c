using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Rewards;

/// <summary>Scores responses by a recipe's rewards. Safe to use from several threads.</summary>
public sealed partial class RewardScorer
{
    private static readonly TimeSpan s_matchLimit = TimeSpan.FromSeconds(1);

    private readonly (RewardRecipe Recipe, Func<RewardInput, string, CancellationToken, Task<double>> Score)[] _parts;

    /// <summary>Prepares rewards: patterns and schemas are compiled once.</summary>
    /// <param name="rewards">The rewards to add up.</param>
    /// <param name="folder">The folder of the recipe.</param>
    /// <exception cref="OpdException">OPD1501 for a pattern or schema that is none; OPD1002 for a schema file that is not there.</exception>
    public RewardScorer(IReadOnlyList<RewardRecipe> rewards, string folder)
    {
        ArgumentNullException.ThrowIfNull(rewards);
        ArgumentNullException.ThrowIfNull(folder);
        _parts = [.. rewards.Select(r => (r, Prepare(r, folder)))];
    }

    /// <summary>Scores a response.</summary>
    /// <exception cref="OpdException">OPD1501 when an answer is needed and missing; OPD1502 when a command fails.</exception>
    public async Task<RewardScore> ScoreAsync(RewardInput input, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        double total = 0;
        double[] parts = new double[_parts.Length];
        for (int i = 0; i < _parts.Length; i++)
        {
            (RewardRecipe recipe, Func<RewardInput, string, CancellationToken, Task<double>> score) = _parts[i];
            parts[i] = Scored(input.Response, recipe.AnswerAfter) is { } text ? await score(input, text, cancel) : 0;
            total += recipe.Weight * parts[i] * (1 + recipe.LengthBonus * (1 - input.LengthShare));
        }
        return new RewardScore(total, parts);
    }

    private static string? Scored(string response, string? answerAfter)
    {
        if (answerAfter is null) return response.Trim();
        int at = response.LastIndexOf(answerAfter, StringComparison.Ordinal);
        return at < 0 ? null : response[(at + answerAfter.Length)..].Trim();
    }

    private static Func<RewardInput, string, CancellationToken, Task<double>> Prepare(RewardRecipe reward, string folder)
    {
        switch (reward)
        {
            case ExactRewardRecipe exact:
                StringComparison comparison = exact.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
                return Plain((input, text) => string.Equals(text, Answer(input).Trim(), comparison));
            case NumericRewardRecipe numeric:
                return Plain((input, text) => SameNumber(text, Answer(input), numeric));
            case RegexRewardRecipe regex:
                Regex pattern = Compile(regex.Pattern);
                return Plain((_, text) => Matches(pattern, text));
            case JsonSchemaRewardRecipe json:
                JsonSchema schema = JsonSchema.Load(Path.GetFullPath(json.Schema.Replace('\\', '/'), folder));
                return Plain((_, text) => ParseJson(text) is { } value && schema.Accepts(value));
            case CommandRewardRecipe command:
                RewardCommand program = new(command, folder);
                return program.ScoreAsync;
            default:
                throw new ArgumentOutOfRangeException(nameof(reward), reward.GetType(), "No scorer for this kind of reward.");
        }
    }

    private static Func<RewardInput, string, CancellationToken, Task<double>> Plain(Func<RewardInput, string, bool> isRight) =>
        (input, text, _) => Task.FromResult(isRight(input, text) ? 1.0 : 0.0);

    private static string Answer(RewardInput input) => input.Answer
        ?? throw new OpdException(ErrorCodes.DataColumnMissing, "This reward compares with the \"answer\" column, and the example has none. Add the column, or use another reward.");

    private static Regex Compile(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, s_matchLimit);
        }
        catch (ArgumentException e)
        {
            throw new OpdException(ErrorCodes.RewardInvalid, $"The reward's pattern {pattern} is no regular expression: {e.Message}", e);
        }
    }

    private static bool Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool SameNumber(string text, string answer, NumericRewardRecipe reward)
    {
        if (LastNumber(text) is not { } given || LastNumber(answer) is not { } right) return false;
        double limit = Math.Max(reward.Tolerance, reward.RelativeTolerance * Math.Abs(right));
        return Math.Abs(given - right) <= limit;
    }

    /// <summary>The last number of a text: 1,234.5, -3e4, 3/4 and 50% are numbers; null when there is none.</summary>
    internal static double? LastNumber(string text)
    {
        if (Number().Matches(text) is not { Count: > 0 } found) return null;
        Match last = found[^1];
        if (Parse(last.Groups["a"].Value) is not { } value) return null;
        if (last.Groups["b"].Success)
        {
            if (Parse(last.Groups["b"].Value) is not { } below || below == 0) return null;
            value /= below;
        }
        return last.Groups["p"].Success ? value / 100 : value;
    }

    private static double? Parse(string digits) =>
        double.TryParse(digits.Replace(",", "", StringComparison.Ordinal).Replace('−', '-'), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;

    private static JsonElement? ParseJson(string text)
    {
        if (text.StartsWith("```", StringComparison.Ordinal))
        {
            int begin = text.IndexOf('\n', StringComparison.Ordinal), end = text.LastIndexOf("```", StringComparison.Ordinal);
            if (begin < 0 || end <= begin) return null;
            text = text[(begin + 1)..end];
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A minus sign only counts where no digit or letter stands before it: 7-3 ends with 3, not with -3.
    [GeneratedRegex(@"(?<a>(?:(?<![\w.)])[-−+])?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)(?:\s*/\s*(?<b>\d+(?:\.\d+)?))?(?<p>\s*%)?")]
    private static partial Regex Number();
}
