using OpdCode.Models;
using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Daemon.Scoring;

/// <summary>
/// Models that stay loaded, the least used one giving way. A folder whose weights were replaced is loaded anew.
/// </summary>
/// <param name="places">How many models stay at most, ≥ 2: a comparison needs two.</param>
internal sealed class ModelShelf(int places) : IDisposable
{
    private static readonly string[] s_weights = ["config.json", "model.safetensors", "model.safetensors.index.json", "adapter_model.safetensors", "tokenizer.json"];

    private readonly LinkedList<Place> _models = new(); // the last used first

    /// <summary>Folders of the models that are loaded, the last used first.</summary>
    public IReadOnlyList<string> Folders => [.. _models.Select(p => p.Folder)];

    /// <summary>The model of a folder. It belongs to the shelf, and stays valid until two other folders were asked for.</summary>
    /// <param name="folder">A model folder.</param>
    /// <param name="loading">Called before it is loaded.</param>
    public LanguageModel Take(string folder, Action loading)
    {
        folder = Path.GetFullPath(folder);
        string stamp = Stamp(folder);
        for (LinkedListNode<Place>? at = _models.First; at is not null; at = at.Next)
        {
            if (at.Value.Folder != folder) continue;
            _models.Remove(at);
            if (at.Value.Stamp == stamp)
            {
                _models.AddFirst(at);
                return at.Value.Model;
            }
            at.Value.Model.Dispose();
            break;
        }
        while (_models.Count >= places)
        {
            _models.Last!.Value.Model.Dispose(); // before the next is loaded: both may not fit together
            _models.RemoveLast();
        }
        loading();
        torch.Device device = ComputeDevice.Resolve("auto");
        var place = new Place(folder, stamp, LanguageModel.Load(folder, device));
        _models.AddFirst(place);
        return place.Model;
    }

    private static string Stamp(string folder) => string.Join('|', s_weights.Select(name =>
    {
        var file = new FileInfo(Path.Combine(folder, name));
        return file.Exists ? FormattableString.Invariant($"{file.Length}:{file.LastWriteTimeUtc.Ticks}") : "-";
    }));

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Place place in _models) place.Model.Dispose();
        _models.Clear();
    }

    private sealed record Place(string Folder, string Stamp, LanguageModel Model);
}
