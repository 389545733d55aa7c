namespace OpdCode.Recipes.Tests;

public sealed class SampleRecipeTests
{
    public static TheoryData<string> Samples =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "samples"), "*.opd.json", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}runs{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(Repository.Root, f))];

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_has_nothing_to_complain_about(string recipe) =>
        Assert.Empty(RecipeReader.Read(Path.Combine(Repository.Root, recipe)).Problems.Select(Sample.Show));
}
