using System.Text;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Protocol;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rollouts;

public sealed class CorpusTextTests
{
    [Fact]
    public void A_pass_takes_every_part_of_the_text_once_in_another_order_each_time()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Model(folder);
        // Sixteen parts of ten letters: a token is a byte here.
        string text = string.Concat(Enumerable.Range(0, 16).Select(i => new string((char)('a' + i), 10)));
        File.WriteAllText(folder.File("corpus.txt"), text);
        var corpus = new CorpusText(folder.File("corpus.txt"), model, 10, 1);
        string[] Pass(int pass) => [.. Enumerable.Range(16 * pass, 16).Select(n => model.DecodeResponse(corpus.Excerpt(n)))];
        Assert.Equal(Enumerable.Range(0, 16).Select(i => text.Substring(10 * i, 10)), Pass(0).Order(StringComparer.Ordinal));
        Assert.Equal(Pass(0).Order(StringComparer.Ordinal), Pass(1).Order(StringComparer.Ordinal));
        Assert.NotEqual(Pass(0), Pass(1));
        // Whoever comes back to the n-th excerpt finds the same one, without having read those before it.
        Assert.Equal(corpus.Excerpt(21), new CorpusText(folder.File("corpus.txt"), model, 10, 1).Excerpt(21));
        Assert.NotEqual(Pass(0), Enumerable.Range(0, 16).Select(n => model.DecodeResponse(new CorpusText(folder.File("corpus.txt"), model, 10, 2).Excerpt(n))));
    }

    [Fact]
    public void No_character_is_cut_at_the_beginning_of_an_excerpt()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Model(folder);
        File.WriteAllText(folder.File("corpus.txt"), string.Concat(Enumerable.Repeat("äß€😀", 40)), new UTF8Encoding(false));
        var corpus = new CorpusText(folder.File("corpus.txt"), model, 13, 1);
        for (int n = 0; n < 40; n++)
        {
            int[] ids = corpus.Excerpt(n);
            Assert.InRange(ids.Length, 2, 13);
            Assert.NotEqual(0x80, ids[0] & 0xC0); // the byte tokenizer's ids are the bytes: not one inside a character
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void A_text_shorter_than_an_excerpt_is_one_excerpt(int tokens)
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Model(folder);
        File.WriteAllText(folder.File("corpus.txt"), "abcdefg");
        var corpus = new CorpusText(folder.File("corpus.txt"), model, Math.Max(tokens, 7), 1);
        Assert.All(new long[] { 0, 1, 5 }, n => Assert.Equal("abcdefg", model.DecodeResponse(corpus.Excerpt(n))));
    }

    [Fact]
    public void A_text_with_nothing_to_predict_and_one_that_is_not_there_are_refused_with_its_name()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = Model(folder);
        File.WriteAllText(folder.File("empty.txt"), "");
        OpdException error = Assert.Throws<OpdException>(() => new CorpusText(folder.File("empty.txt"), model, 8, 1));
        Assert.Equal(ErrorCodes.DataLineInvalid, error.Code);
        Assert.Contains("empty.txt", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.FileNotAccessible, Assert.Throws<OpdException>(() => new CorpusText(folder.File("none.txt"), model, 8, 1)).Code);
    }

    private static LanguageModel Model(TemporaryFolder folder) => LanguageModel.Load(Write(folder.File("model"), 1), torch.CPU);
}
