using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Models.Vectors;
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

    [Theory]
    [InlineData(torch.ScalarType.Float32, true)]
    [InlineData(torch.ScalarType.BFloat16, true)]
    public void One_pass_equals_tensor_operations(torch.ScalarType type, bool masterWeights)
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("m"), 1);
        float[] Trained(bool tensorsOnly)
        {
            using var scope = torch.NewDisposeScope();
            using LanguageModel model = LanguageModel.Load(folder.File("m"), torch.CPU, type);
            model.Decoder.Weights.EnableTraining();
            using var optimizer = new AdamW(model.Decoder.Weights, new OptimizerRecipe { WeightDecay = 0.1, MasterWeights = masterWeights });
            using var generator = new torch.Generator(8, torch.CPU); // the global one serves other tests at the same time
            try
            {
                ProcessorMemory.s_tensorsOnlyForTest = tensorsOnly;
                for (int step = 0; step < 4; step++)
                {
                    using (torch.no_grad()) model.Decoder.Weights.Gradients_P!.normal_(0, 1, generator);
                    optimizer.Step(0.003, 0.7);
                }
            }
            finally
            {
                ProcessorMemory.s_tensorsOnlyForTest = false;
            }
            return model.Decoder.Weights.Values_P.to_type(torch.float32).data<float>().ToArray();
        }
        float[] kernel = Trained(false), tensors = Trained(true);
        // bfloat16: the two may round a tie of the exact weights to different sides.
        for (int i = 0; i < kernel.Length; i++) Assert.Equal(tensors[i], kernel[i], type == torch.ScalarType.Float32 ? 1e-6 : 0.01 * Math.Abs(tensors[i]) + 1e-6);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Updates_below_the_last_bit_of_bfloat16_are_not_lost(bool masterWeights, bool tensorsOnly)
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = LanguageModel.Load(Write(folder.File("m"), 1), torch.CPU, torch.ScalarType.BFloat16);
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        model.Decoder.Weights.EnableTraining();
        model.Decoder.Weights.Values_P.fill_(1); // the next number below 1 is 0.996
        using var optimizer = new AdamW(model.Decoder.Weights, new OptimizerRecipe { MasterWeights = masterWeights }, seed: 3);
        try
        {
            ProcessorMemory.s_tensorsOnlyForTest = tensorsOnly;
            for (int step = 0; step < 40; step++)
            {
                model.Decoder.Weights.Gradients_P!.fill_(1);
                optimizer.Step(0.0005, 1); // every step moves by the learning rate
            }
        }
        finally
        {
            ProcessorMemory.s_tensorsOnlyForTest = false;
        }
        Assert.Equal(0.98, model.Decoder.Weights.Values_P.to_type(torch.float32).mean().ToDouble(), 5e-4);
    }

    [Fact]
    public void A_run_that_goes_on_rounds_as_one_that_never_stopped()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("m"), 1);
        var recipe = new OptimizerRecipe { MasterWeights = false };
        using LanguageModel whole = LanguageModel.Load(folder.File("m"), torch.CPU, torch.ScalarType.BFloat16), halves = LanguageModel.Load(folder.File("m"), torch.CPU, torch.ScalarType.BFloat16);
        using var none = torch.no_grad();
        foreach (LanguageModel model in new[] { whole, halves })
        {
            model.Decoder.Weights.EnableTraining();
            model.Decoder.Weights.Gradients_P!.fill_(0.3);
        }
        using var optimizer = new AdamW(whole.Decoder.Weights, recipe, 5);
        using var before = new AdamW(halves.Decoder.Weights, recipe, 5);
        using var after = new AdamW(halves.Decoder.Weights, recipe, 5);
        for (int step = 0; step < 4; step++) optimizer.Step(0.001, 1);
        for (int step = 0; step < 2; step++) before.Step(0.001, 1);
        after.Restore(before.Capture());
        for (int step = 0; step < 2; step++) after.Step(0.001, 1);
        Assert.False(whole.Decoder.Weights.Values_P.ne(halves.Decoder.Weights.Values_P).any().ToBoolean());
    }
}
