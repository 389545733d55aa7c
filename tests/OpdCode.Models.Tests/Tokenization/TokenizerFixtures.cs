using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpdCode.Models.Tests.Tokenization;

/// <summary>The files of tests/fixtures/tokenizers.</summary>
internal static class TokenizerFixtures
{
    public static string Repository { get; } = FindRepository();

    public static string Folder { get; } = Path.Combine(Repository, "tests", "fixtures", "tokenizers");

    public static string[] Texts { get; } = Read<string[]>("strings.json.gz");

    public static string Tokenizer(string name) => Path.Combine(Folder, name);

    public static T Read<T>(string name)
    {
        using FileStream file = File.OpenRead(Path.Combine(Folder, name));
        using var unzipped = new GZipStream(file, CompressionMode.Decompress);
        return JsonSerializer.Deserialize<T>(unzipped, JsonSerializerOptions.Web)!;
    }

    /// <summary>A fresh folder that holds one tokenizer.json.</summary>
    public static string Write(JsonNode tokenizer, string? config = null)
    {
        string folder = Directory.CreateTempSubdirectory("opdcode").FullName;
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToJsonString());
        if (config is not null)
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
        return folder;
    }

    public static JsonObject ReadTokenizer(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Tokenizer(name), "tokenizer.json")))!.AsObject();

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "OpdCode.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("OpdCode.sln is in no folder above the tests.");
    }
}
