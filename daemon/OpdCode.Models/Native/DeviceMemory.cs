namespace OpdCode.Models.Native;

/// <summary>The memory of what a run would compute on.</summary>
/// <param name="TotalBytes">All of it, or the limit that this process is given; 0 when not known.</param>
/// <param name="FreeBytes">What nobody uses just now; 0 when not known.</param>
/// <param name="IsCuda">True for a graphics card.</param>
public sealed record DeviceMemory(long TotalBytes, long FreeBytes, bool IsCuda);
