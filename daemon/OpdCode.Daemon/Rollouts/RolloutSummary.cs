using System.Security.Cryptography;
using System.Text;

namespace OpdCode.Daemon.Rollouts;

/// <summary>What a list needs of a rollout.</summary>
internal sealed class RolloutSummary
{
    private const int Shown = 200;

    /// <summary>Its line in the file, from 0.</summary>
    public required int Line { get; init; }

    /// <summary>The optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>Position in the step.</summary>
    public required int Index { get; init; }

    /// <summary>The first characters of the prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>The first characters of the response.</summary>
    public required string Response { get; init; }

    /// <summary>Response tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Whether the answer is right.</summary>
    public required bool? Correct { get; init; }

    /// <summary>How it ended.</summary>
    public required string Finish { get; init; }

    /// <summary>Hash of the prompt.</summary>
    public required string PromptId { get; init; }

    /// <summary>Mean, least, greatest and sum of each column over the trained tokens whose value is a number.</summary>
    public required IReadOnlyDictionary<string, ColumnFigures> Columns { get; init; }

    /// <summary>The summary of a rollout.</summary>
    public static RolloutSummary Of(RolloutLine rollout, int line) => new()
    {
        Line = line,
        Step = rollout.Step,
        Index = rollout.Index,
        Prompt = Head(rollout.Prompt),
        Response = Head(rollout.Response),
        Tokens = rollout.Tokens,
        Correct = rollout.Correct,
        Finish = rollout.Finish,
        PromptId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(rollout.Prompt)).AsSpan(0, 8)),
        Columns = ColumnKind.Of(rollout).ToDictionary(k => k.Name, k => ColumnFigures.Of(k.Values(rollout), rollout)),
    };

    // Not in the middle of a character.
    private static string Head(string text) => text.Length <= Shown ? text : text[..(char.IsHighSurrogate(text[Shown - 1]) ? Shown - 1 : Shown)];
}
