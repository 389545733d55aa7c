using System.Runtime.CompilerServices;
using OpdCode.Models.Native;

namespace OpdCode.Tests;

/// <summary>
/// Loads libtorch before the first line of any test. Test classes run side by side in an order of their own: one that
/// touched TorchSharp first would fail in its type initializer, and every later test of the process with it.
/// </summary>
internal static class TorchLoadedFirst
{
    [ModuleInitializer]
    internal static void Load() => TorchRuntime.EnsureLoaded();
}
