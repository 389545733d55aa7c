using OpdCode.Models.Generation.Cpu;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Models.Tests.Vectors;

public sealed class StreamedProductTests
{
    [Theory]
    [InlineData(8, 48, 16)]
    [InlineData(9, 49, 7)]
    [InlineData(131, 1003, 64)]
    [InlineData(16, 95, 513)] // a depth beyond one part
    [InlineData(23, 47, 1200)]
    [InlineData(8, 1, 1)]
    public void The_product_equals_that_in_double_precision(int rows, int outputs, int depth)
    {
        if (Kernels.Best is null) return; // libtorch's product is used on such a processor
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(3);
        torch.Tensor x = torch.randn(rows, depth), weight = torch.randn(outputs, depth), around = torch.full(rows + 2, outputs, 7f), y = around.narrow(0, 1, rows);
        Assert.True(StreamedProduct.Reaches(x, weight, y));
        StreamedProduct.Fill(x, weight, y);
        torch.Tensor exact = x.to_type(torch.float64).matmul(weight.to_type(torch.float64).t());
        Assert.InRange((exact - y).abs().max().ToDouble(), 0, 1e-6 * depth);
        // Nothing beside the rows is written.
        Assert.True(around[0].eq(7f).all().ToBoolean() && around[rows + 1].eq(7f).all().ToBoolean());
    }

    [Fact]
    public void A_row_does_not_depend_on_the_rows_beside_it()
    {
        if (Kernels.Best is null) return;
        using var scope = torch.NewDisposeScope();
        torch.Tensor x = torch.randn(29, 100), weight = torch.randn(200, 100), whole = torch.empty(29, 200), part = torch.empty(9, 200);
        StreamedProduct.Fill(x, weight, whole);
        StreamedProduct.Fill(x.narrow(0, 20, 9), weight, part);
        Assert.Equal(0, (whole.narrow(0, 20, 9) - part).abs().max().ToDouble());
    }

    [Fact]
    public void Other_types_gaps_and_few_rows_are_left_to_libtorch()
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor x = torch.randn(16, 32), weight = torch.randn(64, 32), y = torch.empty(16, 64);
        Assert.False(StreamedProduct.Reaches(x.to_type(torch.float64), weight, y));
        Assert.False(StreamedProduct.Reaches(x, weight.to_type(torch.bfloat16), y));
        Assert.False(StreamedProduct.Reaches(x, torch.randn(32, 64).t(), y));
        Assert.False(StreamedProduct.Reaches(x.narrow(0, 0, 7), weight, y));
    }
}
