using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Signals;

/// <summary>The values that a context's template may name: the columns of an example, and those of another one.</summary>
internal sealed class ExampleColumns
{
    private const string OtherPrefix = "other.";

    // Of a large file the first part stands for all: enough others to draw from.
    private const int MostOthers = 10_000;

    private readonly PromptSource _prompts;
    private readonly TrainingExample[] _others;
    private readonly long _seed;

    /// <summary>Remembers which examples can be drawn as others.</summary>
    /// <param name="prompts">The training data, before the first step: a resumed run finds the same others.</param>
    /// <param name="seed">Of the draw.</param>
    public ExampleColumns(PromptSource prompts, long seed)
    {
        (_prompts, _seed) = (prompts, seed);
        _others = [.. prompts.Loaded.Take(MostOthers)];
    }

    /// <summary>The value of a name for an example.</summary>
    /// <param name="example">Of the training data.</param>
    /// <param name="name">A column, or other.COLUMN.</param>
    /// <param name="setting">Where the template stands, for messages.</param>
    /// <param name="which">Keeps several contexts apart, so that each draws another example.</param>
    /// <exception cref="OpdException">OPD1203 naming file, line and column.</exception>
    public string Value(TrainingExample example, string name, string setting, int which)
    {
        bool ofOther = name.StartsWith(OtherPrefix, StringComparison.Ordinal);
        TrainingExample source = ofOther ? Other(example, which) : example;
        string column = ofOther ? name[OtherPrefix.Length..] : name;
        return source.Column(column) ?? throw new OpdException(ErrorCodes.DataColumnMissing,
            $"{_prompts.Place(source)}: {setting} names {{{name}}}, and there is no \"{column}\". Add the column, or change the text.");
    }

    // Any example but this one, the same in every step: a function of seed, prompt and context alone.
    private TrainingExample Other(TrainingExample example, int which)
    {
        if (_others.Length < 2) throw new OpdException(ErrorCodes.ContextInvalid, "The training data hold one example, and a context asks for another one ({other.…}). Add examples.");
        string prompt = example.LastPrompt;
        int at = (int)(CounterRandom.Uniform(_seed, RandomStream.OtherExamples + which, (long)(ulong)PromptHash.Of(example)) * _others.Length);
        return _others[at].LastPrompt != prompt ? _others[at] : _others[(at + 1) % _others.Length];
    }
}
