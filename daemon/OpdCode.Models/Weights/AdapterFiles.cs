using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>
/// LoRA adapters in PEFT's layout: adapter_config.json and adapter_model.safetensors with the keys
/// base_model.model.MODULE.lora_A.weight [r, in] and base_model.model.MODULE.lora_B.weight [out, r].
/// </summary>
public static class AdapterFiles
{
    private const string ConfigFile = "adapter_config.json";
    private const string WeightFile = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";
    private const string SuffixA = ".lora_A.weight";
    private const string SuffixB = ".lora_B.weight";
    private const long MostConfigBytes = 16_000_000;

    /// <summary>Reads an adapter; its tensors are float32 on the CPU.</summary>
    /// <param name="folder">The adapter's folder.</param>
    /// <exception cref="OpdException">
    /// OPD1002 when a file is not there; OPD2102 when the weight file is malformed; OPD2106 when the configuration is
    /// malformed or asks for something unsupported, or the tensors do not fit it (named with expected and found).
    /// </exception>
    public static LoraAdapter Read(string folder)
    {
        folder = Path.GetFullPath(folder);
        AdapterConfig config = ReadConfig(folder);
        string path = Path.Combine(folder, WeightFile);
        if (!File.Exists(path) && File.Exists(Path.Combine(folder, "adapter_model.bin")))
            throw new OpdException(ErrorCodes.FileNotFound, $"{folder} holds adapter_model.bin, which is not read. Save the adapter as {WeightFile} first.");
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var modules = new Dictionary<string, LoraPair>(StringComparer.Ordinal);
        var adapter = new LoraAdapter(config, modules);
        try
        {
            foreach (string module in Pairs(file, config))
                modules.Add(module, new LoraPair(Load(file, Prefix + module + SuffixA), Load(file, Prefix + module + SuffixB)));
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>Writes an adapter. Both files are complete on the disk before either gets its name.</summary>
    /// <param name="folder">The adapter's folder; made when missing.</param>
    /// <param name="config">What adapter_config.json says.</param>
    /// <param name="modules">The factors by module path; A is [r, in], B is [out, r].</param>
    /// <param name="type">How the factors are stored.</param>
    /// <exception cref="OpdException">OPD2106 when factors and configuration do not fit each other; OPD3003 when the folder cannot be written.</exception>
    public static void Write(string folder, AdapterConfig config, IReadOnlyDictionary<string, LoraPair> modules, WeightType type = WeightType.Float32)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(modules);
        config.Validate();
        folder = Path.GetFullPath(folder);
        var tensors = new List<(string Name, torch.Tensor Value)>();
        foreach ((string module, LoraPair pair) in modules)
        {
            CheckModule(folder, config, module, pair.A_RI.shape, pair.B_OR.shape);
            tensors.Add((Prefix + module + SuffixA, pair.A_RI));
            tensors.Add((Prefix + module + SuffixB, pair.B_OR));
        }
        using var files = new WholeFile();
        SafetensorsWriter.Add(files, Path.Combine(folder, WeightFile), tensors, type, metadata: null);
        files.Write(Path.Combine(folder, ConfigFile), config.Write);
        files.Commit();
    }

    /// <summary>Whether a folder is an adapter's.</summary>
    internal static bool IsIn(string folder) => File.Exists(Path.Combine(folder, ConfigFile));

    /// <summary>What adapter_config.json of a folder says.</summary>
    internal static AdapterConfig ReadConfig(string folder)
    {
        string path = Path.Combine(folder, ConfigFile);
        try
        {
            if (!File.Exists(path)) throw new OpdException(ErrorCodes.FileNotFound, $"{path} does not exist. An adapter folder holds {ConfigFile} and {WeightFile}.");
            if (new FileInfo(path).Length > MostConfigBytes) throw new OpdException(ErrorCodes.AdapterInvalid, $"it has more than {MostConfigBytes} bytes");
            return AdapterConfig.Parse(File.ReadAllBytes(path));
        }
        catch (OpdException failure) when (failure.Code == ErrorCodes.AdapterInvalid)
        {
            throw new OpdException(failure.Code, $"{folder}: {failure.Message}", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.AdapterInvalid, $"{path} cannot be read: {failure.Message}", failure);
        }
    }

    /// <summary>The module paths of a weight file, after checking that it holds whole pairs of the right shapes and nothing else.</summary>
    private static List<string> Pairs(SafetensorsFile file, AdapterConfig config)
    {
        var modules = new List<string>();
        foreach (string name in file.Entries.Keys)
        {
            bool first = name.EndsWith(SuffixA, StringComparison.Ordinal);
            string suffix = first ? SuffixA : SuffixB;
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(suffix, StringComparison.Ordinal) || name.Length <= Prefix.Length + suffix.Length)
                throw Invalid(file.FilePath, $"tensor {StrictJson.Show(name)} is not a LoRA factor ({Prefix}MODULE{SuffixA} or {SuffixB}). OpdCode does not support it, and ignoring it would change the results");
            string module = name[Prefix.Length..^suffix.Length], other = Prefix + module + (first ? SuffixB : SuffixA);
            if (!file.Entries.TryGetValue(other, out TensorEntry? partner))
                throw Invalid(file.FilePath, $"tensor {StrictJson.Show(name)} is there, but {StrictJson.Show(other)} is missing");
            if (!first) continue;
            CheckModule(file.FilePath, config, module, file.Entries[name].Shape, partner.Shape);
            modules.Add(module);
        }
        if (modules.Count == 0) throw Invalid(file.FilePath, "it holds no LoRA factors");
        return modules;
    }

    private static void CheckModule(string where, AdapterConfig config, string module, long[] a_RI, long[] b_OR)
    {
        if (!config.Matches(module))
            throw Invalid(where, $"the module {StrictJson.Show(module)} has LoRA factors, but target_modules does not name it");
        if (a_RI.Length != 2 || b_OR.Length != 2 || a_RI[0] != config.Rank || b_OR[1] != config.Rank)
            throw Invalid(where, $"the module {StrictJson.Show(module)} has lora_A [{SafetensorsHeader.Join(a_RI)}] and lora_B [{SafetensorsHeader.Join(b_OR)}]; expected [{config.Rank}, in] and [out, {config.Rank}]");
    }

    private static torch.Tensor Load(SafetensorsFile file, string name)
    {
        torch.Tensor value = torch.empty(file.RequireWeight(name).Shape, torch.ScalarType.Float32, torch.CPU);
        file.CopyTo(name, value);
        return value;
    }

    private static OpdException Invalid(string where, string why) => new(ErrorCodes.AdapterInvalid, $"{where}: {why}.");
}
