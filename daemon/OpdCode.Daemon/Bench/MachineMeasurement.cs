using System.Diagnostics;
using System.Runtime.InteropServices;
using OpdCode.Models.Generation;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>Measures what the machine can do at most: the ceiling of every other figure.</summary>
internal static class MachineMeasurement
{
    private const int Side = 1024;
    private const long Floats = 1L << 26; // 256 MB: beyond every cache
    private const double SecondsEach = 0.4;

    public static BenchMachine Measure()
    {
        TorchRuntime.EnsureLoaded();
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        double operations = 2.0 * Side * Side * Side;
        return new BenchMachine(RuntimeInformation.OSDescription, Environment.ProcessorCount, torch.get_num_threads(), torch.__version__,
            // The faster of the two products that the program computes with: a ceiling below what is reached would be none.
            operations / Math.Min(Fastest(Product(torch.ScalarType.Float32)), OwnProduct()) / 1e9,
            operations / Fastest(Product(torch.ScalarType.BFloat16)) / 1e9,
            Floats * sizeof(float) / Fastest(Reading()) / 1e9);
    }

    private static Action Product(torch.ScalarType type)
    {
        torch.Tensor a = torch.randn(Side, Side).to_type(type), b = torch.randn(Side, Side).to_type(type);
        return () => torch.matmul(a, b).Dispose();
    }

    private static double OwnProduct()
    {
        if (!PackedProduct.IsSupported) return double.PositiveInfinity;
        using var product = new PackedProduct(Side, Side, Side);
        return Fastest(product.Run);
    }

    private static Action Reading()
    {
        torch.Tensor memory = torch.ones(Floats);
        return () => memory.sum().Dispose();
    }

    private static double Fastest(Action work)
    {
        work();
        double best = double.PositiveInfinity;
        for (Stopwatch all = Stopwatch.StartNew(); all.Elapsed.TotalSeconds < SecondsEach;)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}
