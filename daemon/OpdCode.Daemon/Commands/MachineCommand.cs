using System.CommandLine;
using System.Runtime.InteropServices;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using Spectre.Console;
using TorchSharp;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode machine</c>: what there is to compute with, and what would be used.</summary>
public static class MachineCommand
{
    /// <summary>The command with its action.</summary>
    public static Command Create()
    {
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("machine", "Show device, libtorch, threads and memory, and what would be used.") { json };
        command.SetWork(json, (_, _, _) => Look(), (console, m) =>
        {
            Grid grid = new Grid().AddColumns(2);
            grid.AddRow("system", $"{Markup.Escape(m.System)}, .NET {m.Dotnet}");
            grid.AddRow("device", $"{m.Device} (auto), CUDA devices: {m.CudaDevices}");
            grid.AddRow("libtorch", $"{m.Libtorch} from {Markup.Escape(m.LibtorchFolder)}");
            grid.AddRow("threads", $"{m.Threads} of {m.Processors} processors");
            grid.AddRow("memory", $"{m.AvailableBytes / 1e9:F1} GB in the machine or its limit");
            console.Write(grid);
        });
        return command;
    }

    /// <summary>Looks; loads libtorch for it.</summary>
    internal static MachineInfo Look()
    {
        TorchRuntime.EnsureLoaded();
        return new MachineInfo
        {
            System = RuntimeInformation.OSDescription,
            Dotnet = Environment.Version.ToString(),
            Device = ComputeDevice.Resolve("auto").ToString(),
            CudaDevices = ComputeDevice.CudaCount(),
            Libtorch = torch.__version__,
            LibtorchFolder = TorchRuntime.Folder!,
            Threads = torch.get_num_threads(),
            Processors = Environment.ProcessorCount,
            AvailableBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
    }
}
