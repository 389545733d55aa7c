using System.Text.Json.Nodes;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Signals;

public sealed class TeacherSignalTests
{
    public TeacherSignalTests() => TorchRuntime.EnsureLoaded();

    [Theory]
    [InlineData(64, 262, 40, 24, null)]
    [InlineData(64, 262, 41, 24, ErrorCodes.PromptTooLong)]
    [InlineData(64, 200, 1, 1, ErrorCodes.VocabularyMismatch)]
    [InlineData(64, 300, 1, 1, null)] // more rows than tokens are padding
    public void A_teacher_that_cannot_judge_every_text_is_refused(int context, int rows, int prompt, int response, string? expected)
    {
        using var folder = new TemporaryFolder();
        using LanguageModel student = LanguageModel.Load(Write(folder.File("student"), 1), torch.CPU);
        string path = Path.Combine(Write(folder.File("teacher"), 2), "config.json");
        JsonObject config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config["max_position_embeddings"] = context;
        config["vocab_size"] = rows;
        File.WriteAllText(path, config.ToJsonString());
        using var teacher = new TeacherSignal(LanguageModel.FromScratch(folder.File("teacher"), torch.CPU, 2));
        teacher.CheckSameTokens(student);
        if (expected is null)
        {
            teacher.CheckFits(student, prompt, response);
            return;
        }
        OpdException error = Assert.Throws<OpdException>(() => teacher.CheckFits(student, prompt, response));
        Assert.Equal(expected, error.Code);
        Assert.Contains(folder.File("teacher"), error.Message, StringComparison.Ordinal);
    }
}
