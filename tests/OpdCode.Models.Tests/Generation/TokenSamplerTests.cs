using OpdCode.Models.Generation;
using TorchSharp;

namespace OpdCode.Models.Tests.Generation;

public sealed class TokenSamplerTests
{
    [Theory]
    [InlineData(7)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(3000)]
    public void A_draw_falls_on_the_token_that_a_sum_in_double_precision_finds(int vocabulary)
    {
        const int rows = 200;
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor mass_BV = torch.rand(rows, vocabulary, generator: new torch.Generator(3)).pow(8);
        mass_BV = mass_BV * mass_BV.gt(1e-4); // some without any mass
        mass_BV.select(1, vocabulary / 2).fill_(0.01);
        double[] uniforms = [.. Enumerable.Range(0, rows).Select(i => i switch { 0 => 0, 1 => 1 - (1.0 / (1UL << 53)), _ => CounterRandom.Uniform(5, i, 0) })];
        long[] found = TokenSampler.Invert(mass_BV, torch.tensor(uniforms, [rows, 1])).data<long>().ToArray();
        float[] mass = mass_BV.contiguous().data<float>().ToArray();
        for (int row = 0; row < rows; row++) Assert.Equal(Slow(mass.AsSpan(row * vocabulary, vocabulary), uniforms[row]), found[row]);
    }

    // Token by token in double precision.
    private static int Slow(ReadOnlySpan<float> mass, double uniform)
    {
        double total = 0, sum = 0;
        foreach (float m in mass) total += m;
        int last = 0;
        for (int i = 0; i < mass.Length; i++)
        {
            if (mass[i] > 0) last = i;
            sum += mass[i];
            if (sum > uniform * total) break;
        }
        return last;
    }

    [Fact]
    public void A_token_without_mass_is_never_drawn()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor mass_BV = torch.zeros(3, 2000);
        mass_BV.select(1, 1300).fill_(1e-30);
        Assert.All(TokenSampler.Invert(mass_BV, torch.tensor(new[] { 0, 0.5, 1 - (1.0 / (1UL << 53)) }, [3, 1])).data<long>().ToArray(), id => Assert.Equal(1300, id));
    }
}
