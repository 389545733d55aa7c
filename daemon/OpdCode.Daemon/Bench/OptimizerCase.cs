using OpdCode.Distillation.Training;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>Gradient norm, clip and AdamW over 50 million parameters: one pass each against a dozen operations a parameter.</summary>
internal sealed class OptimizerCase : IBenchCase
{
    private static readonly BenchShape s_usual = new(512, 8, 8, 4, 1408, 51_000);

    private readonly Decoder _model;
    private readonly AdamW _ours;
    private readonly NaiveAdamW _naive;

    public OptimizerCase(BenchSetting setting)
    {
        _model = setting.CreateDecoder(s_usual);
        _model.Weights.EnableTraining();
        using (torch.no_grad())
        using (torch.NewDisposeScope())
            _model.Weights.Gradients_P!.normal_(0, 1e-3);
        _ours = new AdamW(_model.Weights, new OptimizerRecipe { WeightDecay = 0.01 });
        _naive = new NaiveAdamW(_model.Weights);
    }

    /// <inheritdoc/>
    public string Unit => "parameters/s";

    /// <inheritdoc/>
    public bool HasBaseline => true;

    /// <inheritdoc/>
    public void WarmUp(BenchSide side) => Run(side);

    /// <inheritdoc/>
    public double Run(BenchSide side)
    {
        if (side == BenchSide.Ours)
        {
            double norm = GradientCheck.Norm(_model.Weights, 2, 0, hasRewards: false);
            _ours.Step(1e-6, GradientCheck.ClipScale(norm, 1));
        }
        else
        {
            _naive.Step(1e-6);
        }
        return _model.Config.ParameterCount;
    }

    /// <summary>The norm reads the gradient; the update reads weight, gradient and two moments and writes all but the gradient.</summary>
    public double? Ceiling(BenchMachine machine) => 1 / machine.Seconds(15, (1 + 4 + 3) * 4);

    /// <inheritdoc/>
    public void Dispose()
    {
        _naive.Dispose();
        _ours.Dispose();
        _model.Dispose();
    }
}
