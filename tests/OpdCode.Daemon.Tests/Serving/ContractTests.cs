using OpdCode.Daemon.Tests.Reports;
using OpdCode.Distillation.Tests;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary>What a TypeScript client sees: the golden messages fit the generated types, and the client library that VS Code extensions use drives every call.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task The_golden_messages_fit_the_generated_TypeScript() =>
        await NodeScripts.Run("contract", ["node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "preserve", NodeScripts.Source("contract", "golden.ts")]);

    [Fact]
    public async Task The_client_library_of_extensions_drives_every_call()
    {
        using var folder = new ToyModels.TemporaryFolder();
        ToyModels.Write(folder.File("student"), 1);
        ToyModels.Write(folder.File("teacher"), 2);
        File.WriteAllText(folder.File("prompts.jsonl"), """{"prompt":"one"}""" + "\n");
        File.WriteAllText(folder.File("dump.jsonl"), """{"tokens":["a","b"],"logprobs":[-1,-2],"teacher_logprobs":[-2,-1],"prompt":"p","completion":"ab"}""" + "\n");
        File.WriteAllText(folder.File("a.opd.json"), """
            { "version": 1, "student": { "model": "student" }, "signal": { "kind": "teacher", "model": "teacher" },
              "objective": { "kind": "divergence", "divergence": "reverse-kl" }, "data": { "train": "prompts.jsonl", "format": "plain" }, "steps": 2,
              "rollout": { "promptsPerStep": 1, "maxNewTokens": 4 } }
            """);
        new SyntheticRun(Path.Combine(folder.Path, "runs", "a")).Write();
        string output = await NodeScripts.Run("contract", ["--test", "--test-reporter", "tap", "client.test.mjs"], new Dictionary<string, string>
        {
            ["OPDCODE"] = Path.Combine(AppContext.BaseDirectory, "opdcode.dll"),
            ["OPDCODE_DOTNET"] = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["OPDCODE_GOLDEN"] = NodeScripts.Source("contract", "golden.ts"),
            ["OPDCODE_WORKSPACE"] = folder.Path,
        });
        Assert.Contains("# fail 0", output, StringComparison.Ordinal);
    }
}
