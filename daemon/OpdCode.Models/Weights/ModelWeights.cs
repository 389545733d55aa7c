using System.Text.Json;
using System.Text.RegularExpressions;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>
/// The weights of a Hugging Face model folder: model.safetensors, or model.safetensors.index.json and the files it names.
/// When both are there the single file counts, as in transformers.
/// </summary>
public sealed partial class ModelWeights : IDisposable
{
    internal const string SingleFile = "model.safetensors";
    internal const string IndexFile = "model.safetensors.index.json";
    private const long MostIndexBytes = 100_000_000;

    private readonly Dictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> _fileOf = new(StringComparer.Ordinal);
    private readonly string _source;

    private ModelWeights(string source) => _source = source;

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _fileOf.Keys;

    /// <summary>Maps the folder's weight files and checks headers and index.</summary>
    /// <param name="folder">A model folder as downloaded or saved.</param>
    /// <exception cref="OpdException">
    /// OPD1002 when the folder or a file of the index is not there; OPD2102 when a file or the index is malformed, an entry
    /// points out of the folder, or a tensor is not in the file that the index names.
    /// </exception>
    public static ModelWeights Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        string single = Path.Combine(folder, SingleFile), index = Path.Combine(folder, IndexFile);
        bool sharded = !File.Exists(single) && File.Exists(index);
        if (!sharded && !File.Exists(single)) throw new OpdException(ErrorCodes.FileNotFound, Missing(folder));
        var weights = new ModelWeights(sharded ? index : single);
        try
        {
            if (sharded) weights.OpenShards(folder, index);
            else weights.OpenSingle(single);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>True when the folder holds a tensor of this name.</summary>
    public bool Contains(string name) => _fileOf.ContainsKey(name);

    /// <summary>Type, shape and place of a tensor, in the file that holds it.</summary>
    /// <exception cref="OpdException">OPD2103 when there is no such tensor.</exception>
    public TensorEntry Entry(string name) => FileOf(name).Entries[name];

    /// <summary>Copies a tensor's elements into an existing tensor; see <see cref="SafetensorsFile.CopyTo"/>.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">Same shape as stored; float32, float64, float16 or bfloat16; any device, any strides.</param>
    /// <exception cref="OpdException">OPD2103 when the tensor is missing, is no weight, or has another shape.</exception>
    public void CopyTo(string name, torch.Tensor destination) => FileOf(name).CopyTo(name, destination);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files.Values) file.Dispose();
    }

    [GeneratedRegex(@"^model-\d{5}-of-\d{5}\.safetensors$")]
    internal static partial Regex ShardName();

    private SafetensorsFile FileOf(string name) =>
        _fileOf.TryGetValue(name, out SafetensorsFile? file)
            ? file
            : throw new OpdException(ErrorCodes.TensorMismatch, $"{_source}: tensor {StrictJson.Show(name)} is missing; {_fileOf.Count} other tensors are there. The weights do not belong to this configuration.");

    private void OpenSingle(string path)
    {
        SafetensorsFile file = _files[SingleFile] = SafetensorsFile.Open(path);
        foreach (string name in file.Entries.Keys) _fileOf.Add(name, file);
    }

    private void OpenShards(string folder, string index)
    {
        foreach ((string name, string fileName) in ReadIndex(index))
        {
            if (!_files.TryGetValue(fileName, out SafetensorsFile? file))
            {
                if (!StaysInside(fileName))
                    throw Invalid(index, $"tensor {StrictJson.Show(name)} is said to be in {StrictJson.Show(fileName)}, which is not a file of this folder");
                string path = Path.Combine(folder, fileName);
                if (!File.Exists(path))
                    throw new OpdException(ErrorCodes.FileNotFound, $"{index} names {fileName}, which does not exist. Download the missing file.");
                file = _files[fileName] = SafetensorsFile.Open(path);
            }
            if (!file.Entries.ContainsKey(name))
                throw Invalid(index, $"tensor {StrictJson.Show(name)} is said to be in {fileName}, but that file does not hold it");
            _fileOf.Add(name, file);
        }
    }

    /// <summary>Plain names and sub-folders with '/'; nothing that any system reads as a way out or as a device or stream.</summary>
    private static bool StaysInside(string fileName) =>
        !fileName.AsSpan().ContainsAny('\\', ':', '\0')
        && fileName.Split('/').All(part => part.Trim(' ', '.') != "") // Windows drops dots and spaces at the end of a name
        && !Path.IsPathRooted(fileName);

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostIndexBytes) throw new JsonException($"it has more than {MostIndexBytes} bytes");
            return ParseIndex(File.ReadAllBytes(path));
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, failure.Message, failure);
        }
    }

    private static Dictionary<string, string> ParseIndex(byte[] utf8)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        var json = new StrictJson(utf8);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        json.Expect(JsonTokenType.StartObject, "an object");
        while (json.NextKey(seen, out string key))
        {
            if (key != "weight_map")
            {
                json.Skip();
                continue;
            }
            var names = new HashSet<string>(StringComparer.Ordinal);
            json.Expect(JsonTokenType.StartObject, "an object for weight_map");
            while (json.NextKey(names, out string name)) map.Add(name, json.NextText($"the file of {StrictJson.Show(name)}"));
        }
        json.End();
        if (!seen.Contains("weight_map")) throw new JsonException("it has no weight_map");
        return map;
    }

    private static OpdException Invalid(string index, string why, Exception? inner = null) =>
        new(ErrorCodes.SafetensorsInvalid, $"The weight index {index} is not valid: {why.TrimEnd('.')}. Download or export the model again.", inner);

    private static string Missing(string folder)
    {
        if (!Directory.Exists(folder)) return $"The model folder {folder} does not exist. Check the path.";
        string other = File.Exists(Path.Combine(folder, "pytorch_model.bin")) || File.Exists(Path.Combine(folder, "pytorch_model.bin.index.json"))
            ? " It holds pytorch_model.bin, which is not read: convert it to safetensors first."
            : " A model folder as Hugging Face publishes it is expected.";
        return $"The folder {folder} holds neither {SingleFile} nor {IndexFile}.{other}";
    }
}
