using System.Text;
using System.Text.Json.Nodes;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;

namespace OpdCode.Models.Tests.Tokenization;

public sealed class ModelTokenizerTests
{
    [Fact]
    public void The_byte_tokenizer_is_what_the_samples_expect()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("bytes"));
        Assert.Equal(262, tokenizer.VocabularySize);
        Assert.Equal((256, 257, 258), (tokenizer.BosId, tokenizer.EosId, tokenizer.PadId));
        Assert.Equal([259, 104, 105, 257, 260], tokenizer.Encode("<|user|>hi<|end|><|assistant|>", SpecialTokens.Add).Ids);
        Assert.Equal("hi", tokenizer.Decode([259, 104, 105, 257], SpecialTokens.None));
        for (int id = 0; id < 256; id++)
            Assert.Equal([(byte)id], tokenizer.Bytes(id).ToArray());
        Assert.True(tokenizer.IsSpecial(257));
        Assert.False(tokenizer.IsSpecial(65));
        Assert.Equal("<0xE2>", tokenizer.TokenText(0xE2));
        Assert.Equal("\\n", tokenizer.TokenText(10));
        Assert.True(tokenizer.Bytes(262).IsEmpty && tokenizer.Bytes(-1).IsEmpty);
    }

    [Fact]
    public void Half_a_surrogate_pair_counts_as_the_replacement_character()
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("bytes"));
        TokenizedText text = tokenizer.Encode("a\uD83Db", SpecialTokens.None);
        Assert.Equal([97, 0xEF, 0xBF, 0xBD, 98], text.Ids);
        Assert.Equal(new TokenSpan(4, 5, 2, 3), text.Spans[^1]);
    }

    [Fact]
    public void The_hash_is_about_content_not_spelling()
    {
        ModelTokenizer original = ModelTokenizer.Load(TokenizerFixtures.Tokenizer("sentencepiece"));
        JsonObject pairs = TokenizerFixtures.ReadTokenizer("sentencepiece");
        pairs["model"]!["merges"] = new JsonArray(pairs["model"]!["merges"]!.AsArray()
            .Select(merge => (JsonNode)new JsonArray(merge!.GetValue<string>().Split(' ').Select(half => (JsonNode)half!).ToArray())).ToArray());
        JsonObject other = TokenizerFixtures.ReadTokenizer("sentencepiece");
        other["model"]!["merges"]!.AsArray().RemoveAt(5);
        string[] roles = [File.ReadAllText(Path.Combine(TokenizerFixtures.Tokenizer("sentencepiece"), "tokenizer_config.json"))];
        Assert.Equal(original.ContentHash, ModelTokenizer.Load(TokenizerFixtures.Write(pairs, roles[0])).ContentHash);
        Assert.NotEqual(original.ContentHash, ModelTokenizer.Load(TokenizerFixtures.Write(other, roles[0])).ContentHash);
        Assert.Equal(64, original.ContentHash.Length);
    }

    [Theory]
    [InlineData("normalizer", """{"type": "Precompiled"}""", "Precompiled")]
    [InlineData("pre_tokenizer", """{"type": "BertPreTokenizer"}""", "BertPreTokenizer")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "\\p{Han}+"}, "behavior": "Isolated"}""", "Han")]
    [InlineData("post_processor", """{"type": "Novel"}""", "Novel")]
    [InlineData("decoder", """{"type": "CTC"}""", "CTC")]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "Unigram")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}""", "merges[0]")]
    public void A_part_that_is_not_known_is_named(string key, string part, string expected)
    {
        JsonObject tokenizer = TokenizerFixtures.ReadTokenizer("sentencepiece");
        tokenizer[key] = JsonNode.Parse(part);
        OpdException error = Assert.Throws<OpdException>(() => ModelTokenizer.Load(TokenizerFixtures.Write(tokenizer)));
        Assert.Equal(ErrorCodes.TokenizerInvalid, error.Code);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_come_from_strings_objects_and_the_special_tokens_map()
    {
        string folder = TokenizerFixtures.Write(TokenizerFixtures.ReadTokenizer("gpt2-style"), """{"eos_token": {"content": "<|endoftext|>"}, "pad_token": null}""");
        File.WriteAllText(Path.Combine(folder, "special_tokens_map.json"), """{"bos_token": "the", "pad_token": "<|endoftext|>"}""");
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        Assert.Equal("<|endoftext|>", tokenizer.EosToken);
        Assert.Equal(tokenizer.EosId, tokenizer.PadId);
        Assert.Equal("the", tokenizer.TokenText(tokenizer.BosId!.Value));
        Assert.True(tokenizer.IsSpecial(tokenizer.BosId.Value));
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_what_to_do()
    {
        OpdException error = Assert.Throws<OpdException>(() => ModelTokenizer.Load(Path.GetTempPath()));
        Assert.Equal(ErrorCodes.TokenizerInvalid, error.Code);
        Assert.Contains("save_pretrained", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_files_fail_only_with_their_code()
    {
        var random = new Random(11);
        JsonObject small = TokenizerFixtures.ReadTokenizer("sentencepiece");
        JsonObject vocabulary = small["model"]!["vocab"]!.AsObject();
        foreach (string name in vocabulary.Where(entry => entry.Value!.GetValue<int>() is > 330).Select(entry => entry.Key).ToArray())
            vocabulary.Remove(name);
        JsonArray merges = small["model"]!["merges"]!.AsArray();
        foreach (JsonNode? merge in merges.Where(merge => merge!.GetValue<string>().Split(' ') is var halves && !(vocabulary.ContainsKey(halves[0]) && vocabulary.ContainsKey(halves[1]) && vocabulary.ContainsKey(halves[0] + halves[1]))).ToArray())
            merges.Remove(merge);
        string qwen = """{"normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(?i:'s|'t)|[^\\r\\n\\p{L}]?\\p{L}+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}, "decoder": {"type": "ByteLevel"}, "post_processor": {"type": "ByteLevel"}, "added_tokens": [{"id": 3, "content": "<e>", "special": true}], "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "<e>": 3, "\u0120": 4}, "merges": [["a", "b"]]}}""";
        byte[][] sources = [Encoding.UTF8.GetBytes(small.ToJsonString()), Encoding.UTF8.GetBytes(qwen), Encoding.UTF8.GetBytes(qwen)];
        string folder = Directory.CreateTempSubdirectory("opdcode").FullName;
        int loaded = 0;
        for (int i = 0; i < 2000; i++)
        {
            var bytes = new List<byte>(sources[i % sources.Length]);
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                int at = random.Next(bytes.Count);
                int length = Math.Min(random.Next(1, 8), bytes.Count - at);
                switch (random.Next(4))
                {
                    case 0:
                        bytes.RemoveRange(at, length);
                        break;
                    case 1:
                        bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                        break;
                    case 2:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    default:
                        bytes[at] = (byte)"\"{}[],:0-9\\u"[random.Next(12)];
                        break;
                }
            }

            File.WriteAllBytes(Path.Combine(folder, "tokenizer.json"), [.. bytes]);
            try
            {
                ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
                TokenizedText text = tokenizer.Encode("it's a <e> ab é😀\n", SpecialTokens.Add);
                tokenizer.Decode(text.Ids, SpecialTokens.Add);
                Assert.Equal(64, tokenizer.ContentHash.Length);
                loaded++;
            }
            catch (OpdException e)
            {
                Assert.Equal(ErrorCodes.TokenizerInvalid, e.Code);
            }
        }

        Assert.InRange(loaded, 1, 1999);
        Directory.Delete(folder, recursive: true);
    }
}
