using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// A successful attempt of a sibling (another rollout of the same prompt), or feedback on the attempt itself (SDPO, arXiv
/// 2601.20802). A rollout with neither is left out.
/// </summary>
public sealed record PeerContextRecipe : ContextRecipe
{
    /// <summary>Takes the place of the prompt where a sibling succeeded: {prompt}, {peer} (its text) and the columns of the example are filled in.</summary>
    [MinLength(1)]
    public string Text { get; init; } = "{prompt}\n\nA correct solution:\n{peer}\n\nSolve the problem again.";

    /// <summary>
    /// Takes the place of the prompt where none did: {prompt}, {response} (the attempt itself), {reward} and the columns are
    /// filled in. No feedback when absent.
    /// </summary>
    [MinLength(1)]
    [Example("{prompt}\n\nYour last attempt was wrong:\n{response}\n\nSolve the problem again.")]
    public string? Feedback { get; init; }

    /// <summary>A rollout succeeded when its reward is at least this.</summary>
    public double Success { get; init; } = 0.5;

    /// <summary>A rollout may be shown its own successful text. The paper leaves it out.</summary>
    public bool ShowOwn { get; init; }

    /// <summary>Leave out what stands between &lt;think&gt; and &lt;/think&gt; of a sibling's text.</summary>
    public bool StripThinking { get; init; } = true;
}
