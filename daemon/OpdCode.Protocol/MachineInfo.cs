namespace OpdCode.Protocol;

/// <summary>What there is to compute with, and what <c>device: auto</c> would use.</summary>
public sealed record MachineInfo
{
    /// <summary>Operating system.</summary>
    public required string System { get; init; }

    /// <summary>.NET version.</summary>
    public required string Dotnet { get; init; }

    /// <summary>The device that auto resolves to.</summary>
    public required string Device { get; init; }

    /// <summary>CUDA devices that libtorch sees.</summary>
    public required int CudaDevices { get; init; }

    /// <summary>Version of libtorch.</summary>
    public required string Libtorch { get; init; }

    /// <summary>Where it was loaded from.</summary>
    public required string LibtorchFolder { get; init; }

    /// <summary>Threads that one tensor operation uses.</summary>
    public required int Threads { get; init; }

    /// <summary>Logical processors.</summary>
    public required int Processors { get; init; }

    /// <summary>Memory of the machine, or of the container's limit, bytes.</summary>
    public required long AvailableBytes { get; init; }
}
