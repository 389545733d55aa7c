using OpdCode.Distillation.Training;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>Gradient norm, clip and AdamW over a model's parameters: one pass each, or a dozen operations a parameter.</summary>
internal sealed class OptimizerWork : IBenchWork
{
    private readonly Decoder _model;
    private readonly AdamW? _ours;
    private readonly NaiveAdamW? _naive;

    /// <param name="model">Whose parameters; disposed with this.</param>
    /// <param name="naive">One parameter after the other instead of all in one pass.</param>
    public OptimizerWork(Decoder model, bool naive)
    {
        _model = model;
        model.Weights.EnableTraining();
        using (torch.no_grad())
        using (torch.NewDisposeScope())
            model.Weights.Gradients_P!.normal_(0, 1e-3);
        if (naive) _naive = new NaiveAdamW(model.Weights);
        else _ours = new AdamW(model.Weights, new OptimizerRecipe { WeightDecay = 0.01 });
    }

    /// <summary>Seconds a parameter that memory needs: the norm reads the gradient; the update reads weight, gradient and two moments and writes all but the gradient.</summary>
    public static double Seconds(BenchMachine machine) => machine.Seconds(15, (1 + 4 + 3) * 4);

    /// <inheritdoc/>
    public void WarmUp() => Run();

    /// <inheritdoc/>
    public double Run()
    {
        _naive?.Step(1e-6);
        _ours?.Step(1e-6, GradientCheck.ClipScale(GradientCheck.Norm(_model.Weights, 2, 0, hasRewards: false), 1));
        return _model.Config.ParameterCount;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _naive?.Dispose();
        _ours?.Dispose();
        _model.Dispose();
    }
}
