using OpdCode.Models.Native;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Tests;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void Libtorch_loads_and_computes()
    {
        TorchRuntime.EnsureLoaded();
        using torch.Tensor x = torch.ones(2, 2);
        Assert.Equal(4.0, x.sum().ToDouble());
        Assert.Contains("native", TorchRuntime.Folder, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_libtorch_is_explained_with_every_place_tried()
    {
        string empty = Directory.CreateTempSubdirectory("opdcode").FullName;
        OpdException error = Assert.Throws<OpdException>(() => TorchRuntime.Load([empty, Path.Combine(empty, "other")]));
        Assert.Equal(ErrorCodes.RuntimeNotLoaded, error.Code);
        Assert.Contains(empty, error.Message, StringComparison.Ordinal);
        Assert.Contains("not there", error.Message, StringComparison.Ordinal);
        Assert.Contains("OPDCODE_NATIVE", error.Message, StringComparison.Ordinal);
    }
}
