namespace OpdCode.Daemon.Bench;

/// <summary>What the figures of a benchmark were taken on.</summary>
/// <param name="System">Operating system.</param>
/// <param name="Processors">Processors that this process may use.</param>
/// <param name="Threads">Threads that libtorch computes with.</param>
/// <param name="Libtorch">Version of libtorch.</param>
/// <param name="GemmGflops">float32 matrix product 1024 × 1024 × 1024, 10⁹ operations/s: the faster of libtorch's and generation's own.</param>
/// <param name="Bf16GemmGflops">The same in bfloat16, libtorch's.</param>
/// <param name="BandwidthGBps">Reading 256 MB of memory, 10⁹ bytes/s.</param>
internal sealed record BenchMachine(string System, int Processors, int Threads, string Libtorch, double GemmGflops, double Bf16GemmGflops, double BandwidthGBps)
{
    /// <summary>The faster of two measurements: what else ran on the machine only ever lowers a rate.</summary>
    public BenchMachine Faster(BenchMachine other) => this with
    {
        GemmGflops = Math.Max(GemmGflops, other.GemmGflops),
        Bf16GemmGflops = Math.Max(Bf16GemmGflops, other.Bf16GemmGflops),
        BandwidthGBps = Math.Max(BandwidthGBps, other.BandwidthGBps),
    };

    /// <summary>The least time that work takes: products at the machine's rate, or its bytes through memory where that takes longer.</summary>
    /// <param name="operations">Floating-point operations (a multiplication and an addition are two).</param>
    /// <param name="bytes">Bytes that must be read or written at least once.</param>
    /// <returns>Seconds.</returns>
    public double Seconds(double operations, double bytes) => Math.Max(operations / (GemmGflops * 1e9), bytes / (BandwidthGBps * 1e9));
}
