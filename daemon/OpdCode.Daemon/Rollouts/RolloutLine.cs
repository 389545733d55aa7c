using System.Collections.Concurrent;
using System.Text.Json;
using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// One recorded rollout as its line says it, read for showing: numbers by the name of their array, whatever arrays there
/// are, so that what a newer version records is shown without a change here.
/// </summary>
internal sealed class RolloutLine
{
    private readonly ConcurrentDictionary<string, Array?> _rows = new(); // one line may be read by several calls at once

    public int Step { get; set; }

    public int Index { get; set; }

    public string Prompt { get; set; } = "";

    public string Response { get; set; } = "";

    public string? Reference { get; set; }

    public bool? Correct { get; set; }

    public string Finish { get; set; } = "stop";

    /// <summary>Estimator, direction, support and unit of the divergence, in words.</summary>
    public string? DivergenceLabel { get; set; }

    public int[] Ids { get; set; } = [];

    /// <summary>Each token on its own; null when not read. [T]</summary>
    public string[]? Texts { get; set; }

    /// <summary>Arrays of numbers by their name in the line, <c>stages.NAME</c> for those inside of an object. [T]</summary>
    public Dictionary<string, float[]> Numbers { get; } = [];

    /// <summary>Arrays of arrays by their name, as JSON; read when asked for. [T][K]</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> Nested { get; } = [];

    /// <summary>An array of arrays; null when there is none, or none of the response's length. It is read once. [T][K]</summary>
    /// <param name="name">Its name in the line.</param>
    /// <exception cref="JsonException">It holds something else.</exception>
    public T[]? Rows<T>(string name) => (T[]?)_rows.GetOrAdd(name, _ =>
        Nested.TryGetValue(name, out ReadOnlyMemory<byte> json) && JsonSerializer.Deserialize<T[]>(json.Span, RunJson.Options) is { } values && values.Length == Tokens ? values : null);

    /// <summary>1 where a token is trained on, 0 where not; empty where nothing was recorded about it. [T]</summary>
    public ReadOnlySpan<float> Mask => Numbers.GetValueOrDefault("mask");

    /// <summary>Response tokens.</summary>
    public int Tokens => Ids.Length;

    /// <summary>True where the token is trained on; all are where nothing was recorded about it.</summary>
    public bool IsTrained(int token) => !Numbers.TryGetValue("mask", out float[]? mask) || mask[token] != 0;
}
