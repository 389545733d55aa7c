using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Protocol;

namespace OpdCode.Models.Decoding;

/// <summary>Reads a small JSON file of a model folder, with one clear error for everything that can be wrong with it.</summary>
internal static class ConfigFile
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The file's JSON object.</summary>
    /// <exception cref="OpdException"><paramref name="code"/> when the file is missing, not JSON, or not an object.</exception>
    public static JsonObject Read(string path, string code)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new OpdException(code, $"{path} does not exist. Point to a model folder in Hugging Face layout (config.json, model.safetensors, tokenizer.json).", failure);
        }
        try
        {
            return JsonNode.Parse(text, documentOptions: s_options) as JsonObject
                ?? throw new OpdException(code, $"{path} must hold a JSON object.");
        }
        catch (Exception failure) when (failure is JsonException or ArgumentException)
        {
            throw new OpdException(code, $"{path} is not valid JSON: {failure.Message}", failure);
        }
    }

    /// <summary>The file's JSON object, or null when there is no such file.</summary>
    public static JsonObject? ReadOptional(string path, string code) => File.Exists(path) ? Read(path, code) : null;
}
