using System.Diagnostics;
using System.Text.Json.Nodes;
using OpdCode.Models.Templates;
using OpdCode.Models.Tests.Templates;
using OpdCode.Models.Tokenization;

namespace OpdCode.Models.Tests.Tokenization;

public sealed class RealTokenizerTests(RealTokenizers real) : IClassFixture<RealTokenizers>
{
    [Theory]
    [InlineData("qwen3", 151_669, 151_645)]
    [InlineData("gpt2", 50_257, 50_256)]
    [InlineData("llama3", 128_256, 128_009)]
    [InlineData("mistral", 32_000, 2)]
    [InlineData("llama2", 32_000, 2)]
    [InlineData("gemma3", 262_145, 106)]
    public void A_real_tokenizer_equals_the_library_of_hugging_face(string name, int size, int eos)
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(real.Tokenizer(name));
        Assert.Equal(size, tokenizer.VocabularySize);
        Assert.Equal(eos, tokenizer.EosId);
        Judgement judgement = TokenizerFixtures.Read<Judgement>($"real-{name}.ids.json.gz");
        List<string> differences = judgement.Differences(tokenizer, TokenizerFixtures.Texts);
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.Take(20))}");
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("llama3")]
    [InlineData("gemma3")]
    public void The_chat_template_of_a_real_model_renders_as_the_judge_renders_it(string name)
    {
        ChatTemplate template = ChatTemplate.Load(real.Tokenizer(name))!;
        JsonNode[] rows = ChatTemplateTests.Read("rendered.json")["rows"]!.AsArray().Where(row => (string?)row!["template"] == name).ToArray()!;
        Assert.True(rows.Length > 10);
        Assert.Empty(rows.SelectMany(row => ChatTemplateTests.Difference(template, row)));
    }

    [Fact]
    public void A_large_tokenizer_loads_and_encodes_a_megabyte_in_seconds()
    {
        var watch = Stopwatch.StartNew();
        ModelTokenizer tokenizer = ModelTokenizer.Load(real.Tokenizer("qwen3"));
        double load = watch.Elapsed.TotalSeconds;
        string text = string.Join('\n', Enumerable.Repeat(TokenizerFixtures.Texts, 40).SelectMany(texts => texts))[..1_000_000];
        watch.Restart();
        TokenizedText encoded = tokenizer.Encode(text, SpecialTokens.None);
        double encode = watch.Elapsed.TotalSeconds;
        Assert.True(encoded.Ids.Length > 100_000);
        // Ten times what is measured on two idle cores, so that a busy machine does not fail.
        Assert.True(load < 10 && encode < 10, $"loading took {load:F2} s, encoding {encode:F2} s");
    }
}
