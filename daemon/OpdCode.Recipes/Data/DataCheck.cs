using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>Reads a whole data file once and tells what is in it and what is wrong with it.</summary>
public static class DataCheck
{
    /// <summary>How many unreadable lines are listed; a file of the wrong kind has one in every line.</summary>
    public const int MostProblems = 100;

    /// <summary>Scans a file.</summary>
    /// <param name="path">JSON lines or Parquet.</param>
    /// <param name="visit">Sees every example on the way; for checks that need more than this.</param>
    /// <param name="cancel">Checked at every example.</param>
    /// <exception cref="OpdException">OPD1002 when there is no such file.</exception>
    public static DataReport Scan(string path, Action<TrainingExample>? visit = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        SortedDictionary<string, int> columns = new(StringComparer.Ordinal);
        HashSet<UInt128> seen = [];
        List<DataLineProblem> problems = [];
        int examples = 0, unreadable = 0, duplicates = 0, longest = 0, longestLine = 0;
        foreach ((TrainingExample? example, OpdException? failure, int line) in DataFile.ReadAll(path))
        {
            cancel.ThrowIfCancellationRequested();
            if (example is null)
            {
                unreadable++;
                if (problems.Count < MostProblems) problems.Add(new DataLineProblem(line, failure!.Message));
                continue;
            }
            examples++;
            visit?.Invoke(example);
            Count(columns, example);
            if (!seen.Add(PromptHash.Of(example))) duplicates++;
            int length = example.Prompt?.Length ?? example.Messages!.Sum(m => m.Content.Length);
            if (length > longest) (longest, longestLine) = (length, line);
        }
        return new DataReport
        {
            File = path,
            Bytes = new FileInfo(path).Length,
            Examples = examples,
            Columns = columns,
            Duplicates = duplicates,
            LongestPrompt = longest,
            LongestPromptLine = longestLine,
            Problems = problems,
            Unreadable = unreadable,
        };
    }

    private static void Count(SortedDictionary<string, int> columns, TrainingExample example)
    {
        void Add(string name) => columns[name] = columns.GetValueOrDefault(name) + 1;
        Add(example.Prompt is null ? "messages" : "prompt");
        if (example.Completion is not null) Add("completion");
        if (example.Answer is not null) Add("answer");
        if (example.PrivilegedContext is not null) Add("privileged_context");
        if (example.Extra is { } extra)
            foreach (KeyValuePair<string, System.Text.Json.Nodes.JsonNode?> column in extra) Add(column.Key);
    }
}
