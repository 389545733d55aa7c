using System.Text.Json.Nodes;
using OpdCode.Models.Tokenization;

namespace OpdCode.Models.Tests.Tokenization;

public sealed class JudgedTokenizerTests
{
    [Theory]
    [InlineData("bytes")]
    [InlineData("qwen3-2026")]
    [InlineData("sentencepiece")]
    [InlineData("gpt2-style")]
    public void A_committed_tokenizer_equals_the_library_of_hugging_face(string name)
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer(name));
        Judgement judgement = TokenizerFixtures.Read<Judgement>($"{name}.ids.json.gz");
        Assert.True(TokenizerFixtures.Texts.Length >= 1000);
        List<string> differences = judgement.Differences(tokenizer, TokenizerFixtures.Texts);
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.Take(20))}");
    }

    [Fact]
    public void Parts_that_the_known_tokenizers_leave_out_equal_the_library_of_hugging_face()
    {
        JsonObject fixture = TokenizerFixtures.Read<JsonObject>("variants.json.gz");
        string[] texts = fixture["sample"]!.AsArray().Select(i => TokenizerFixtures.Texts[i!.GetValue<int>()]).ToArray();
        var differences = new List<string>();
        foreach (JsonNode? row in fixture["rows"]!.AsArray())
        {
            JsonObject tokenizer = TokenizerFixtures.ReadTokenizer(row!["change"]!["base"]!.GetValue<string>() == "spm" ? "sentencepiece" : "gpt2-style");
            foreach ((string key, JsonNode? value) in row["change"]!.AsObject())
            {
                if (key == "model")
                {
                    foreach ((string setting, JsonNode? changed) in value!.AsObject())
                        tokenizer["model"]![setting] = changed?.DeepClone();
                }
                else if (key != "base")
                {
                    tokenizer[key] = value?.DeepClone();
                }
            }

            string folder = TokenizerFixtures.Write(tokenizer);
            Judgement judgement = System.Text.Json.JsonSerializer.Deserialize<Judgement>(row, System.Text.Json.JsonSerializerOptions.Web)!;
            List<string> found = judgement.Differences(ModelTokenizer.Load(folder), texts);
            differences.AddRange(found.Take(6).Select(text => $"{row["name"]} ({found.Count}): {text}"));
            Directory.Delete(folder, recursive: true);
        }

        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.Take(200))}");
    }
}
