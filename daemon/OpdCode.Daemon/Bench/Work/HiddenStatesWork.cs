using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>A teacher's hidden states, packed: computed, or found in the cache on disk.</summary>
internal sealed class HiddenStatesWork : IBenchWork
{
    private readonly Decoder _teacher;
    private readonly TrainingInputs _inputs;
    private readonly string? _folder;
    private readonly ScoreCache? _cache;

    /// <param name="teacher">The model; disposed with this.</param>
    /// <param name="inputs">The texts.</param>
    /// <param name="cached">Whether they are looked up; the warm-up is then the reading that is kept.</param>
    public HiddenStatesWork(Decoder teacher, TrainingInputs inputs, bool cached)
    {
        (_teacher, _inputs) = (teacher, inputs);
        if (!cached) return;
        _folder = Directory.CreateTempSubdirectory("opdcode-bench-").FullName;
        _cache = new ScoreCache(_folder, 1_000_000_000, teacher.Weights.Values_P);
    }

    /// <inheritdoc/>
    public void WarmUp() => Run();

    /// <inheritdoc/>
    public double Run()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        SequenceBatch batch = SequenceBatch.Create(_inputs.Rollouts, torch.CPU);
        if (_cache is null) batch.HiddenRows(_teacher);
        else _cache.Rows(batch, () => batch.HiddenRows(_teacher));
        return _inputs.ResponseTokens;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _teacher.Dispose();
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
    }
}
