using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Signals;

public sealed class ScoreCacheTests
{
    [Theory]
    [InlineData(torch.ScalarType.Float32)]
    [InlineData(torch.ScalarType.BFloat16)]
    public void What_was_read_once_comes_back_bit_for_bit_without_computing(torch.ScalarType type)
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = LanguageModel.Load(Write(folder.File("m"), 1, gain: 4), torch.CPU, type);
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        SequenceBatch batch = Batch(1, 2);
        torch.Tensor first_NM = Cache(folder, model).Rows(batch, () => batch.HiddenRows(model.Decoder));
        ScoreCache again = Cache(folder, model); // as in another process
        torch.Tensor second_NM = again.Rows(batch, () => throw new InvalidOperationException("computed again"));
        Assert.Equal(1, again.Hits);
        Assert.Equal(first_NM.dtype, second_NM.dtype);
        Assert.False(first_NM.ne(second_NM).any().ToBoolean());
    }

    [Fact]
    public void Other_tokens_and_other_weights_are_not_taken_for_the_same()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel one = LanguageModel.Load(Write(folder.File("a"), 1), torch.CPU), two = LanguageModel.Load(Write(folder.File("b"), 2), torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        int computed = 0;
        foreach ((LanguageModel model, SequenceBatch batch) in new[] { (one, Batch(1, 2)), (one, Batch(1, 3)), (one, Batch(2, 1)), (one, Batch(1)), (two, Batch(1, 2)) })
        {
            Cache(folder, model).Rows(batch, () =>
            {
                computed++;
                return batch.HiddenRows(model.Decoder);
            });
        }
        Assert.Equal(5, computed);
    }

    [Fact]
    public void What_was_not_used_for_longest_goes_first_and_the_bound_holds()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = LanguageModel.Load(Write(folder.File("m"), 1), torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        const long room = 1600; // two readings of 4 rows × 32 float32 and their headers, not three
        void Read(int seed) => Cache(folder, model, room).Rows(Batch(seed), () => Batch(seed).HiddenRows(model.Decoder));
        bool IsKnown(int seed)
        {
            ScoreCache cache = Cache(folder, model, room);
            cache.Rows(Batch(seed), () => torch.zeros(1));
            return cache.Hits == 1;
        }
        string Newest() => new DirectoryInfo(folder.File("cache")).EnumerateFiles().OrderBy(f => f.LastWriteTimeUtc).Last().FullName;
        Read(1);
        File.SetLastWriteTimeUtc(Newest(), DateTime.UtcNow.AddHours(-2));
        Read(2);
        File.SetLastWriteTimeUtc(Newest(), DateTime.UtcNow.AddHours(-1));
        Read(1); // used again: now the second is the older one
        Read(3);
        Assert.True(new DirectoryInfo(folder.File("cache")).EnumerateFiles().Sum(f => f.Length) <= room);
        Assert.True(IsKnown(1));
        Assert.False(IsKnown(2));
    }

    [Fact]
    public void A_file_that_was_cut_short_is_computed_again()
    {
        using var folder = new TemporaryFolder();
        using LanguageModel model = LanguageModel.Load(Write(folder.File("m"), 1), torch.CPU);
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        SequenceBatch batch = Batch(1);
        torch.Tensor expected_NM = Cache(folder, model).Rows(batch, () => batch.HiddenRows(model.Decoder));
        string file = Directory.GetFiles(folder.File("cache")).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..100]);
        torch.Tensor found_NM = Cache(folder, model).Rows(batch, () => batch.HiddenRows(model.Decoder));
        Assert.False(expected_NM.ne(found_NM).any().ToBoolean());
    }

    private static ScoreCache Cache(TemporaryFolder folder, LanguageModel model, long maxBytes = 1_000_000) => new(folder.File("cache"), maxBytes, model.Decoder.Weights.Values_P);

    private static SequenceBatch Batch(params int[] seeds) => SequenceBatch.Create(
        [.. seeds.Select(seed => new Rollout { PromptIds = [seed, 2, 3], ResponseIds = [4, seed + 4, 6, 257] })], torch.CPU);
}
