using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// The target ∝ judge^λ · base^(1−λ): λ below 1 stays nearer to the base, above 1 goes beyond the judge (G-OPD and ExOPD,
/// arXiv 2602.12125). With the policy gradient the advantage is λ·(log T − log B) − (log S − log B).
/// </summary>
public sealed record ExtrapolationRecipe
{
    /// <summary>λ, at least 0. 1 is plain distillation, whatever the base; ExOPD uses 1.25.</summary>
    [Range(0, 100.0)]
    public double Lambda { get; init; } = 1.25;

    /// <summary>
    /// The base model: a folder with the student's tokenizer, best what the judge was before its own training. The student
    /// as the run began when absent.
    /// </summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.ModelFolder)]
    [Example("../models/base")]
    public string? Base { get; init; }

    /// <summary>What the base reads before the response.</summary>
    [Choice("prompt", "The student's own prompt (G-OPD, ExOPD).")]
    [Choice("context", "What the judge is shown. With the live student as judge and λ below 1 that is a trust region around the start (SDPO; its form is inferred).")]
    public string BaseSees { get; init; } = "prompt";

    /// <summary>
    /// What is done about λ* of contract positions (brackets, keys: where the judge is nearly certain), beyond which structured
    /// output was seen to break (ListOPD, arXiv 2605.08737; the procedure is inferred).
    /// </summary>
    public ExtrapolationGuard Guard { get; init; } = ExtrapolationGuard.Report;

    /// <summary>The quantile of λ* over the contract positions of a step that λ is held against (inferred).</summary>
    [Range(0, 1.0)]
    [Unit("probability")]
    public double Quantile { get; init; } = 0.05;

    /// <summary>How far below that quantile λ is kept (inferred).</summary>
    [Range(0, 100.0)]
    public double Margin { get; init; }

    /// <summary>A position is a contract position when the judge gives its most likely token at least this probability (inferred).</summary>
    [Range(0.5, 1.0)]
    [Unit("probability")]
    public double Contract { get; init; } = 0.9;
}
