using System.Globalization;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Native;

/// <summary>Turns a device setting into a device. The only place that knows device names.</summary>
public static class ComputeDevice
{
    /// <summary>Resolves <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; auto takes the first CUDA device where there is one.</summary>
    /// <exception cref="OpdException">OPD2002 when the device does not exist, naming what does.</exception>
    public static torch.Device Resolve(string setting)
    {
        TorchRuntime.EnsureLoaded();
        if (setting is "cpu") return torch.CPU;
        if (setting is "auto") return CudaCount() > 0 ? torch.device("cuda:0") : torch.CPU;
        int index = 0;
        bool known = setting == "cuda" || (setting.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(setting.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index));
        if (!known)
            throw new OpdException(ErrorCodes.DeviceNotFound, $"The device is \"{setting}\"; expected auto, cpu, cuda or cuda:N.");
        int count = CudaCount();
        if (index >= count)
        {
            throw new OpdException(ErrorCodes.DeviceNotFound, count == 0
                ? $"The device is \"{setting}\", but this build of libtorch sees no CUDA device. Use \"auto\" or \"cpu\", or build with -p:Accelerator=cuda on a machine with an NVIDIA card and driver."
                : $"The device is \"{setting}\", but there are {count} CUDA devices, numbered from 0.");
        }
        return torch.device($"cuda:{index.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>
    /// The memory of the device that a setting means. libtorch is loaded only where the setting or a driver speaks of a
    /// card; no context is made on it.
    /// </summary>
    /// <exception cref="OpdException">OPD2002 when the device does not exist.</exception>
    public static DeviceMemory Memory(string setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        if (setting == "cpu" || setting == "auto" && !CardMemory.HasDriver) return MachineMemory.Read();
        torch.Device device = Resolve(setting);
        return device.type == DeviceType.CPU ? MachineMemory.Read() : CardMemory.Read(Math.Max(device.index, 0)) ?? new DeviceMemory(0, 0, IsCuda: true);
    }

    /// <summary>CUDA devices that libtorch sees; 0 with a CPU build.</summary>
    public static int CudaCount() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;
}
