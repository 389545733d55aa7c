using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Tests.Editing;

/// <summary>Every fix, applied as an editor applies it, takes its problem away.</summary>
public sealed class FixTests
{
    // Where a person must decide: nothing that a program could write would be what was meant.
    private static readonly string[] s_withoutFix = ["sense-teacher-is-student", "sense-absolute"];

    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "OpdCode.Recipes.Tests", "fixtures", "invalid");

    public static TheoryData<string> Names => [.. Directory.GetFiles(s_folder, "*.opd.json").Select(f => Path.GetFileName(f)[..^".opd.json".Length]).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_fix_takes_its_problem_away_and_brings_no_other(string name)
    {
        string path = Path.Combine(s_folder, $"{name}.opd.json"), text = File.ReadAllText(path);
        RecipeReading before = RecipeReader.Parse(text, path);
        foreach (Problem problem in before.Problems.Where(p => p.Fix is not null))
        {
            RecipeReading after = RecipeReader.Parse(Apply(text, problem.Fix!), path);
            Assert.True(Count(after, problem) < Count(before, problem), $"{problem.Fix!.Title} leaves {Sample.Show(problem)}\n{Apply(text, problem.Fix!)}");
            Assert.DoesNotContain(after.Problems, p => p.Code is ErrorCodes.RecipeInvalid && before.Problems.All(b => b.Code != p.Code));
            Assert.True(after.Problems.Count < before.Problems.Count + 1, $"{problem.Fix.Title} brings {string.Join('\n', after.Problems.Select(Sample.Show))}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_does_not_make_sense_has_a_fix(string name)
    {
        if (!name.StartsWith("sense-", StringComparison.Ordinal) && !name.StartsWith("stabilizer-", StringComparison.Ordinal) || s_withoutFix.Contains(name)) return;
        RecipeReading reading = RecipeReader.Read(Path.Combine(s_folder, $"{name}.opd.json"));
        Assert.All(reading.Problems.Where(p => string.CompareOrdinal(p.Code, "OPD1100") > 0), p => Assert.True(p.Fix is not null, Sample.Show(p)));
    }

    [Fact]
    public void A_setting_is_moved_to_where_it_belongs_and_the_rest_stays()
    {
        string text = Sample.Valid.Replace("\"version\": 1,", "\"version\": 1, // kept\n  \"lr\": 2e-4,", StringComparison.Ordinal);
        Problem problem = Assert.Single(RecipeReader.Parse(text, "r.opd.json").Problems);
        string cured = Apply(text, problem.Fix!);
        Assert.Equal(2e-4, RecipeReader.Parse(cured, "r.opd.json").Recipe!.Optimizer.LearningRate);
        Assert.Contains("// kept", cured, StringComparison.Ordinal);
    }

    [Fact]
    public void An_absolute_path_beside_the_recipe_becomes_relative()
    {
        string folder = Path.GetTempPath(), model = Path.Combine(folder, "models", "student").Replace('\\', '/');
        string text = Sample.Valid.Replace("../models/student", model, StringComparison.Ordinal);
        Problem problem = Assert.Single(RecipeReader.Parse(text, Path.Combine(folder, "a", "r.opd.json")).Problems);
        Assert.Equal(Sample.Valid, Apply(text, problem.Fix!));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void An_edit_keeps_line_ends_whole(string end)
    {
        string text = Sample.Valid.Replace("\"version\": 1", "\"lr\": 1e-5, \"rollout\": { \"topP\": 0.9 }", StringComparison.Ordinal).ReplaceLineEndings(end);
        foreach (Problem problem in RecipeReader.Parse(text, "r.opd.json").Problems)
        {
            string cured = Apply(text, problem.Fix!);
            Assert.Equal(cured.ReplaceLineEndings(end), cured);
        }
    }

    [Fact]
    public void A_value_of_the_command_line_has_no_fix_in_the_text()
    {
        RecipeReading reading = RecipeReader.Parse(Sample.Valid, "r.opd.json", ["rollout.topP=0.9"]);
        Assert.Null(Assert.Single(reading.Problems).Fix);
    }

    private static int Count(RecipeReading reading, Problem problem) => reading.Problems.Count(p => p.Code == problem.Code && p.Message == problem.Message);

    // As an editor does: lines and columns, in UTF-16 code units.
    private static string Apply(string text, ProblemFix fix)
    {
        if (text.StartsWith('\uFEFF')) text = text[1..];
        int start = Offset(text, fix.Line, fix.Column), end = Offset(text, fix.EndLine, fix.EndColumn);
        return new StringBuilder(text).Remove(start, end - start).Insert(start, fix.NewText).ToString();
    }

    private static int Offset(string text, int line, int column)
    {
        int at = 0;
        for (; line > 1; line--) at = text.IndexOf('\n', at) + 1;
        return at + column - 1;
    }
}
