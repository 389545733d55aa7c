using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Training;

public sealed class AdamWTests
{
    [Fact]
    public void Equals_the_textbook_update_in_double_precision()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = LanguageModel.Load(Write(folder.File("m"), 1), torch.CPU);
        Models.Decoding.ParameterBuffer parameters = model.Decoder.Weights;
        parameters.EnableTraining();
        var recipe = new OptimizerRecipe { LearningRate = 0.01, Beta1 = 0.9, Beta2 = 0.98, Epsilon = 1e-8, WeightDecay = 0.1 };
        using var optimizer = new AdamW(parameters, recipe);
        double[] w = parameters.Values_P.to_type(torch.float64).data<double>().ToArray(), m = new double[w.Length], v = new double[w.Length];
        var random = new Random(1);
        for (int step = 1; step <= 5; step++)
        {
            float[] gradient = Enumerable.Range(0, w.Length).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
            using (torch.no_grad()) parameters.Gradients_P!.copy_(torch.tensor(gradient));
            optimizer.Step(0.01, 0.5);
            for (int i = 0; i < w.Length; i++)
            {
                double g = 0.5 * gradient[i];
                if (i < parameters.DecayedCount) w[i] -= 0.01 * 0.1 * w[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.98 * v[i] + 0.02 * g * g;
                w[i] -= 0.01 * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.98, step))) + 1e-8);
            }
        }
        float[] found = parameters.Values_P.data<float>().ToArray();
        for (int i = 0; i < w.Length; i++) Assert.Equal(w[i], found[i], 1e-5);
    }

    [Fact]
    public void Norms_are_not_decayed()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = LanguageModel.Load(Write(folder.File("m"), 1), torch.CPU);
        model.Decoder.Weights.EnableTraining();
        using var optimizer = new AdamW(model.Decoder.Weights, new OptimizerRecipe { WeightDecay = 0.5 });
        optimizer.Step(0.1, 1); // zero gradient: only the decay acts
        Assert.Equal(1, model.Decoder.Weights.Named["model.norm.weight"].mean().ToDouble(), 1e-6);
        Assert.True(model.Decoder.Weights.Named["model.layers.0.mlp.down_proj.weight"].abs().max().ToDouble() > 0);
    }
}
