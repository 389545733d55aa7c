using System.Diagnostics;
using System.Security.Cryptography;

namespace OpdCode.Recipes.Tests.Methods;

/// <summary>The program beside the samples of the methods makes their data.</summary>
public sealed class SampleDataTests
{
    // What the models of the samples were trained on and what is too large to commit.
    private static readonly Dictionary<string, string> s_hashes = new(StringComparer.Ordinal)
    {
        ["models.jsonl"] = "8fd15130ab391f2a701a9ba2fa0e568be80a6c5b1c5e8074d537bf8e4268140f",
        ["tasks.jsonl"] = "8fd2ef1e506d876fd449925566eb081aeb1ac8208cdd347eac982133dc295511",
    };

    [Fact]
    public async Task The_generator_makes_the_committed_files_and_the_text_that_the_models_learned()
    {
        string samples = Path.Combine(Repository.Root, "samples"), copy = Directory.CreateTempSubdirectory("opdcode-samples-").FullName;
        try
        {
            Copy(Path.Combine("methods", "generate.cs"));
            Copy(Path.Combine("arithmetic", "data", "train.jsonl"));
            var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["run", Path.Combine(copy, "methods", "generate.cs"), "--", "models"])
            {
                WorkingDirectory = copy, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await output + await error);
            string made = Path.Combine(copy, "methods", "data");
            string[] names = [.. Directory.EnumerateFiles(Path.Combine(samples, "methods", "data")).Select(f => Path.GetFileName(f)).Where(n => !s_hashes.ContainsKey(n))];
            Assert.Equal(names.Concat(s_hashes.Keys).Order(StringComparer.Ordinal), Directory.EnumerateFiles(made).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
            Assert.All(names, name => Assert.Equal(File.ReadAllLines(Path.Combine(samples, "methods", "data", name)), File.ReadAllLines(Path.Combine(made, name))));
            foreach ((string name, string hash) in s_hashes) Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(made, name)))));
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }

        void Copy(string file)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy, file))!);
            File.Copy(Path.Combine(samples, file), Path.Combine(copy, file));
        }
    }
}
