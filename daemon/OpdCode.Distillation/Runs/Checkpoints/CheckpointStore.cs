using System.Text.Json;
using OpdCode.Models;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary>
/// Saves a run so that it can go on exactly: the student in Hugging Face layout, and under <c>state/</c> the optimizer,
/// the method's state, the run's counters and a SHA-256 of every file. Written aside, flushed, renamed.
/// </summary>
public sealed class CheckpointStore
{
    private static readonly string s_progressFile = Path.Combine(CheckpointManifest.StateFolder, "progress.json");

    private readonly RunFolder _folder;
    private readonly LanguageModel _student;
    private readonly CheckpointRecipe _recipe;
    private readonly TimeProvider _time;
    private readonly CheckpointFolder _checkpoints;
    private readonly StudentState _weights;
    private readonly List<IMethodState> _states = [];
    private readonly WeightType _type;

    /// <summary>Saves a student into a run folder.</summary>
    public CheckpointStore(RunFolder folder, LanguageModel student, CheckpointRecipe recipe, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(recipe);
        (_folder, _student, _recipe, _time) = (folder, student, recipe, time);
        _checkpoints = new CheckpointFolder(folder.CheckpointsPath);
        _weights = new StudentState(student);
        _type = recipe.Type == "bfloat16" ? WeightType.BFloat16 : WeightType.Float32;
    }

    /// <summary>Adds something that a checkpoint holds beside the student.</summary>
    /// <exception cref="ArgumentException">Two states of one name: one would overwrite the other.</exception>
    public void Track(IMethodState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Name == _weights.Name || _states.Exists(s => s.Name == state.Name)) throw new ArgumentException($"Two method states are named {state.Name}.", nameof(state));
        _states.Add(state);
    }

    /// <summary>Takes what the checkpoint of a step holds, at the end of the step; the weights stay where they are.</summary>
    internal PendingCheckpoint Take(RunProgress progress)
    {
        IMethodState[] taken = [.. _weights.IsExactAs(_type) ? [] : new IMethodState[] { _weights }, .. _states];
        return new PendingCheckpoint(progress, [.. taken.Select(state => (state.Name, state.Capture()))]);
    }

    /// <summary>
    /// Writes the checkpoint, points <c>latest</c> at it, and drops what the recipe does not keep. On any thread; until it
    /// returns nobody may change weights or optimizer.
    /// </summary>
    /// <exception cref="OpdException">OPD3003: the disk refuses. The earlier checkpoints are untouched then.</exception>
    internal void Write(PendingCheckpoint pending)
    {
        RunProgress progress = pending.Progress;
        _folder.FlushToDisk(); // what the checkpoint takes for granted must outlast a power failure, too
        _folder.Guard(() => _checkpoints.Add(progress.Step, partial =>
        {
            _student.Save(partial, _type);
            _student.SaveAdapter(Path.Combine(partial, "adapter")); // nothing without an adapter
            foreach ((string name, MethodSnapshot snapshot) in pending.States) StateFiles.Write(StatePath(partial, name), snapshot);
            byte[] text = JsonSerializer.SerializeToUtf8Bytes(progress, RunJson.Indented);
            using (var file = new WholeFile())
            {
                file.Write(Path.Combine(partial, s_progressFile), stream => stream.Write(text));
                file.Commit();
            }
            CheckpointManifest.Write(partial, progress.Step);
        }));
        _folder.Append(new RunEvent { Time = _time.GetUtcNow(), Event = "checkpoint", Step = progress.Step, Message = CheckpointFolder.NameOf(progress.Step) });
        _folder.Guard(() =>
        {
            if (_recipe.KeepBest && progress.BestStep is int best) _checkpoints.Point("best", best);
            DropOldest(_recipe.KeepBest ? progress.BestStep : null);
        });
    }

    private void DropOldest(int? best)
    {
        if (_recipe.Keep == 0) return;
        foreach (int stale in _checkpoints.Steps().Skip(_recipe.Keep).Where(step => step != best)) _checkpoints.Drop(stale);
    }

    /// <summary>Gives the student and all tracked states what a checkpoint holds, bit for bit.</summary>
    /// <exception cref="OpdException">OPD3004: it belongs to another model or method.</exception>
    internal void Restore(string checkpoint)
    {
        if (File.Exists(StatePath(checkpoint, _weights.Name))) ReadState(checkpoint, _weights);
        else _weights.Load(checkpoint);
        foreach (IMethodState state in _states)
        {
            if (!File.Exists(StatePath(checkpoint, state.Name)))
                throw new OpdException(ErrorCodes.CheckpointInvalid, $"{checkpoint} holds no state of \"{state.Name}\", which the recipe needs. Another version of OpdCode wrote it; go on with that version, or start anew.");
            ReadState(checkpoint, state);
        }
    }

    /// <summary>The counters of a checkpoint that was verified.</summary>
    internal static RunProgress ReadProgress(string checkpoint)
    {
        string path = Path.Combine(checkpoint, s_progressFile);
        try
        {
            return JsonSerializer.Deserialize<RunProgress>(File.ReadAllBytes(path), RunJson.Options) ?? throw new JsonException("an object was expected");
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.CheckpointInvalid, $"{path}: {failure.Message} Another version of OpdCode wrote it; go on with that version.", failure);
        }
    }

    private static string StatePath(string checkpoint, string state) => Path.Combine(checkpoint, CheckpointManifest.StateFolder, state + ".safetensors");

    private void ReadState(string checkpoint, IMethodState state)
    {
        using MethodSnapshot snapshot = StateFiles.Read(StatePath(checkpoint, state.Name), _student.Decoder.Device);
        state.Restore(snapshot);
    }
}
