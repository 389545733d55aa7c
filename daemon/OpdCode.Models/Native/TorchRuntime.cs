using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Models.Native;

/// <summary>
/// Finds and loads libtorch, once per process, before any tensor is made. Everything that touches TorchSharp goes
/// through <see cref="EnsureLoaded"/>, so that a failure is one readable message instead of a type initializer exception.
/// </summary>
/// <remarks>
/// Search order: the folder named by OPDCODE_NATIVE; beside the executable (published); runtimes/ beside the executable
/// (the CUDA packages put them there); artifacts/native/PLATFORM-ACCELERATOR in a folder above (a build of this repository).
/// </remarks>
public static class TorchRuntime
{
    private static readonly Lock s_gate = new();
    private static string? s_folder;

    // Dependencies first: each is loaded by its full path, so the loader finds it by name for the next one.
    private static readonly string[] s_libraries = ["c10", "torch_cpu", "torch", "LibTorchSharp"];

    /// <summary>The folder that libtorch was loaded from; null before <see cref="EnsureLoaded"/>.</summary>
    public static string? Folder => s_folder;

    /// <summary>Loads libtorch if that has not happened yet. Safe to call from any thread, any number of times.</summary>
    /// <exception cref="OpdException">OPD2001 when no usable libtorch is found; the message lists what was tried and why it failed.</exception>
    public static void EnsureLoaded()
    {
        lock (s_gate)
        {
            if (s_folder is not null) return;
            ThreadWaiting.PreferSleeping();
            s_folder = Load(Candidates(AppContext.BaseDirectory, Environment.GetEnvironmentVariable("OPDCODE_NATIVE")));
        }
        TorchSharp.torch.InitializeDeviceType(TorchSharp.DeviceType.CPU);
    }

    /// <summary>The folders to try, in order, with duplicates removed.</summary>
    internal static IReadOnlyList<string> Candidates(string baseDirectory, string? overrideFolder)
    {
        var folders = new List<string>();
        if (!string.IsNullOrWhiteSpace(overrideFolder)) folders.Add(Path.GetFullPath(overrideFolder));
        folders.Add(baseDirectory);
        folders.Add(Path.Combine(baseDirectory, "runtimes", Platform, "native"));
        for (DirectoryInfo? up = new(baseDirectory); up is not null; up = up.Parent)
        {
            string native = Path.Combine(up.FullName, "native");
            if (up.Name == "artifacts" && Directory.Exists(native))
                folders.AddRange(Directory.EnumerateDirectories(native, Platform + "-*").Order(StringComparer.Ordinal));
        }
        return folders.Distinct().ToList();
    }

    /// <summary>Loads from the first folder that holds a working libtorch and returns that folder.</summary>
    internal static string Load(IReadOnlyList<string> candidates)
    {
        var tried = new StringBuilder();
        foreach (string folder in candidates)
        {
            string binding = Path.Combine(folder, FileName("LibTorchSharp"));
            if (!File.Exists(binding))
            {
                tried.AppendLine().Append("  ").Append(binding).Append(": not there");
                continue;
            }
            try
            {
                foreach (string library in s_libraries)
                {
                    string path = Path.Combine(folder, FileName(library));
                    if (File.Exists(path)) NativeLibrary.Load(path); // a CUDA build may lack none, a CPU build lacks no needed one
                }
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
                    NativeLibrary.TryLoad(Path.Combine(folder, FileName(name)), out IntPtr handle) ? handle : IntPtr.Zero;
                return folder;
            }
            catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
            {
                tried.AppendLine().Append("  ").Append(binding).Append(": ").Append(failure.Message.ReplaceLineEndings(" "));
            }
        }
        throw new OpdException(ErrorCodes.RuntimeNotLoaded,
            $"libtorch could not be loaded on {RuntimeInformation.OSDescription} ({Platform}). Tried, in order:{tried}{Environment.NewLine}{Remedy()}");
    }

    private static string Platform =>
        OperatingSystem.IsWindows() ? "win-x64" : OperatingSystem.IsMacOS() ? "osx-arm64" : "linux-x64";

    private static string FileName(string library) =>
        OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static string Remedy() =>
        "Build the repository again with 'dotnet build -c Release', or set OPDCODE_NATIVE to a folder that holds libtorch 2.10.0 and "
        + FileName("LibTorchSharp") + "."
        + (OperatingSystem.IsWindows() ? " On Windows the Microsoft Visual C++ Redistributable (2019 or newer, x64) must be installed." : "")
        + (OperatingSystem.IsLinux() ? " On Linux libstdc++ and glibc 2.27 or newer must be installed." : "");
}
