using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>AdamW (arXiv 1711.05101) with warm-up, a schedule, and a bound on the gradient norm.</summary>
public sealed record OptimizerRecipe
{
    /// <summary>Peak learning rate. Usual: 1e-6 to 5e-5 for full weights of a large model, 1e-4 for LoRA; tiny models take 1e-3.</summary>
    [Range(0, 10.0)]
    [Example(1e-4)]
    [Example(1e-5)]
    public double LearningRate { get; init; } = 1e-5;

    /// <summary>Decay of the first moment.</summary>
    [Range(0, 1.0, MaximumIsExclusive = true)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    [Range(0, 1.0, MaximumIsExclusive = true)]
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the second moment.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay on matrices; vectors (norms, biases) are never decayed.</summary>
    [Range(0, 10.0)]
    public double WeightDecay { get; init; }

    /// <summary>Steps of linear warm-up from 0.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int WarmupSteps { get; init; }

    /// <summary>What follows the warm-up.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Constant;

    /// <summary>Largest L2 norm of the whole gradient; larger ones are scaled down. 0 turns it off.</summary>
    [Range(0, double.MaxValue)]
    public double ClipNorm { get; init; } = 1;

    /// <summary>Most sequences in one forward and backward pass; more are split, which never changes the gradient. 0: no split.</summary>
    [Range(0, int.MaxValue)]
    [Unit("sequences")]
    public int MicroBatch { get; init; }

    /// <summary>
    /// Keep only the input of every block in the forward pass and compute the block again in the backward pass: less
    /// memory, about a third more time in the student, the same gradient.
    /// </summary>
    /// <value>false by default.</value>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>
    /// For <c>student.type</c> bfloat16: update a float32 copy of the weights. Without it the weights themselves are
    /// updated and rounded stochastically, which keeps the mean exact and saves 4 bytes a weight.
    /// </summary>
    /// <value>true by default; float32 weights need no copy.</value>
    public bool MasterWeights { get; init; } = true;
}
