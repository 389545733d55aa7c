using OpdCode.Recipes.Data;

namespace OpdCode.Models.Preflight;

/// <summary>One pass over a data file that keeps what the checks need: the first example, the longest ones, and which prompts occur.</summary>
internal sealed class DataSurvey
{
    // Characters only roughly say how many tokens a text has; among so many of the longest is the one with the most.
    private const int Longest = 16;

    private readonly PriorityQueue<TrainingExample, int> _prompts = new();
    private readonly PriorityQueue<TrainingExample, int> _completions = new();
    private readonly PriorityQueue<TrainingExample, int> _examples = new();

    public TrainingExample? First { get; private set; }

    public IEnumerable<TrainingExample> LongestPrompts => _prompts.UnorderedItems.Select(i => i.Element);

    public IEnumerable<TrainingExample> LongestCompletions => _completions.UnorderedItems.Select(i => i.Element);

    /// <summary>Those with the most text in all columns: the longest of whatever is made from them is among these, or near.</summary>
    public IEnumerable<TrainingExample> LongestExamples => _examples.UnorderedItems.Select(i => i.Element);

    public HashSet<UInt128> Prompts { get; } = [];

    public DataReport Report { get; }

    private DataSurvey(string path, CancellationToken cancel) => Report = DataCheck.Scan(path, See, cancel);

    /// <summary>Reads a file.</summary>
    public static DataSurvey Read(string path, CancellationToken cancel) => new(path, cancel);

    private void See(TrainingExample example)
    {
        First ??= example;
        Prompts.Add(PromptHash.Of(example));
        int prompt = example.Prompt?.Length ?? example.Messages!.Sum(m => m.Content.Length);
        Keep(_prompts, example, prompt);
        Keep(_examples, example, prompt + (example.Completion?.Length ?? 0) + (example.PrivilegedContext?.Length ?? 0) + (example.Extra?.Sum(c => c.Value is { } v && v.GetValueKind() == System.Text.Json.JsonValueKind.String ? v.GetValue<string>().Length : 0) ?? 0));
        if (example.Completion is { } completion) Keep(_completions, example, completion.Length);
    }

    private static void Keep(PriorityQueue<TrainingExample, int> longest, TrainingExample example, int length)
    {
        if (longest.Count < Longest) longest.Enqueue(example, length);
        else longest.EnqueueDequeue(example, length);
    }
}
