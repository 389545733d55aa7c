using OpdCode.Protocol;

namespace OpdCode.Models.Weights;

/// <summary>Where the model lies that an adapter folder belongs to.</summary>
internal static class AdapterBase
{
    /// <summary>The folder with config.json, weights and tokenizer: the base for an adapter folder, else the folder itself.</summary>
    /// <exception cref="OpdException">OPD2106 when the adapter names no base, or one that is not on this machine.</exception>
    public static string ModelFolder(string folder) => AdapterFiles.IsIn(folder) ? Find(Path.GetFullPath(folder)) : folder;

    private static string Find(string folder)
    {
        string? name = AdapterFiles.ReadConfig(folder).BaseModel;
        if (string.IsNullOrEmpty(name))
            throw Invalid(folder, "does not say which model the adapter belongs to. Set base_model_name_or_path to the folder of that model");
        // A rooted name replaces the folder it is combined with, so absolute paths are covered as well.
        string[] places = [Path.Combine(folder, name), Path.Combine(Path.GetDirectoryName(folder) ?? folder, name)];
        if (places.FirstOrDefault(place => File.Exists(Path.Combine(place, "config.json"))) is not { } found)
            throw Invalid(folder, $"names {StrictJson.Show(name)} as base model, which is no model folder on this machine (absolute, in the adapter's folder or beside it). "
                + "Nothing is downloaded: get that model and set base_model_name_or_path to its folder");
        if (AdapterFiles.IsIn(found))
            throw Invalid(folder, $"names {StrictJson.Show(name)} as base model, which is an adapter itself. Merge that one into its model first");
        return Path.GetFullPath(found);
    }

    private static OpdException Invalid(string folder, string why) => new(ErrorCodes.AdapterInvalid, $"{Path.Combine(folder, "adapter_config.json")} {why}.");
}
