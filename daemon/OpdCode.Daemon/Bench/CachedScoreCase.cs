using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>A teacher's hidden states found in the cache against computing them (packed).</summary>
internal sealed class CachedScoreCase : IBenchCase
{
    private readonly Decoder _teacher;
    private readonly TrainingInputs _inputs;
    private readonly string _folder = Directory.CreateTempSubdirectory("opdcode-bench-").FullName;
    private readonly ScoreCache _cache;

    public CachedScoreCase(BenchSetting setting)
    {
        _teacher = setting.CreateDecoder(BenchShape.Teacher);
        _inputs = new TrainingInputs(_teacher.Config.VocabularySize);
        _cache = new ScoreCache(_folder, 1_000_000_000, _teacher.Weights.Values_P);
    }

    /// <inheritdoc/>
    public string Unit => "tokens/s";

    /// <inheritdoc/>
    public bool HasBaseline => true;

    /// <inheritdoc/>
    public void WarmUp(BenchSide side) => Run(side); // the first reading is the one that is kept

    /// <inheritdoc/>
    public double Run(BenchSide side)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        SequenceBatch batch = SequenceBatch.Create(_inputs.Rollouts, torch.CPU);
        if (side == BenchSide.Ours) _cache.Rows(batch, () => batch.HiddenRows(_teacher));
        else batch.HiddenRows(_teacher);
        return _inputs.ResponseTokens;
    }

    /// <inheritdoc/>
    public double? Ceiling(BenchMachine machine) => null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _teacher.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
