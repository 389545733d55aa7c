using System.Reflection;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Tests;

public sealed class ErrorPageTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "docs", "errors");

    private static readonly string[] s_codes =
        [.. typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!)];

    public static TheoryData<string> Codes => [.. s_codes];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_code_has_a_page_that_says_what_why_and_how(string code)
    {
        string file = Path.Combine(s_folder, $"{code}.md");
        Assert.True(File.Exists(file), $"docs/errors/{code}.md is missing: what, why it hurts, how to fix.");
        string text = File.ReadAllText(file);
        Assert.StartsWith($"# {code}: ", text, StringComparison.Ordinal);
        foreach (string part in new[] { "**What.** ", "**Why it hurts.** ", "**How to fix.** " }) Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.Contains($"[{code}]({code}.md)", File.ReadAllText(Path.Combine(s_folder, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_code_is_used_once() => Assert.Equal(s_codes.Length, s_codes.Distinct().Count());

    [Fact]
    public void No_page_is_left_of_a_code_that_is_gone() =>
        Assert.Empty(Directory.GetFiles(s_folder, "OPD*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Except(s_codes));
}
