using OpdCode.Protocol;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Recipes.Tests.Rewards;

public sealed class RewardScorerTests
{
    [Theory]
    [InlineData(" 42 \n", "42", false, 1)]
    [InlineData("The answer is 42", "42", false, 0)]
    [InlineData("paris", "Paris", true, 1)]
    [InlineData("paris", "Paris", false, 0)]
    public async Task Exact_compares_without_the_white_space_at_the_ends(string response, string answer, bool ignoreCase, double expected) =>
        Assert.Equal(expected, await Score(new ExactRewardRecipe { IgnoreCase = ignoreCase }, response, answer));

    [Theory]
    [InlineData("4*3=12: 12", ": ", 1)]
    [InlineData("4*3=12: 13", ": ", 0)]
    [InlineData("12", ": ", 0)]
    [InlineData("a: 7, b: 12", ": ", 1)]
    public async Task Only_what_follows_the_mark_is_scored(string response, string mark, double expected) =>
        Assert.Equal(expected, await Score(new ExactRewardRecipe { AnswerAfter = mark }, response, "12"));

    [Theory]
    [InlineData("so it is 1,234.50 in all.", 1234.5)]
    [InlineData("x = -3", -3.0)]
    [InlineData("7-3", 3.0)]
    [InlineData("about 3/4", 0.75)]
    [InlineData("25%", 0.25)]
    [InlineData("1.5e3", 1500.0)]
    [InlineData("−2 degrees", -2.0)]
    [InlineData(".5", 0.5)]
    [InlineData("12345678", 12345678.0)]
    [InlineData("It is 42.", 42.0)]
    [InlineData("none", null)]
    [InlineData("1/0", null)]
    public void The_last_number_of_a_text_is_found(string text, double? expected) => Assert.Equal(expected, RewardScorer.LastNumber(text));

    [Theory]
    [InlineData("3.1415", "3.14159", 1e-3, 0, 1)]
    [InlineData("3.13", "3.14159", 1e-3, 0, 0)]
    [InlineData("1010", "1000", 0, 0.01, 1)]
    [InlineData("1011", "1000", 0, 0.01, 0)]
    [InlineData("no idea", "1000", 0, 0.01, 0)]
    public async Task Numeric_allows_the_tolerance_and_no_more(string response, string answer, double tolerance, double relative, double expected) =>
        Assert.Equal(expected, await Score(new NumericRewardRecipe { Tolerance = tolerance, RelativeTolerance = relative }, response, answer));

    [Fact]
    public async Task Regex_matches_anywhere_and_gives_up_on_patterns_that_explode()
    {
        Assert.Equal(1, await Score(new RegexRewardRecipe { Pattern = "<b>[0-9]+</b>" }, "see <b>12</b>.", null));
        Assert.Equal(0, await Score(new RegexRewardRecipe { Pattern = "^(a+)+$" }, new string('a', 60) + "b", null));
        Assert.Equal(ErrorCodes.RewardInvalid, Assert.Throws<OpdException>(() => new RewardScorer([new RegexRewardRecipe { Pattern = "(" }], ".")).Code);
    }

    [Fact]
    public async Task Rewards_add_up_by_their_weights()
    {
        RewardScorer scorer = new([new ExactRewardRecipe { Weight = 2 }, new RegexRewardRecipe { Pattern = "^a", Weight = -0.5 }], ".");
        RewardScore score = await scorer.ScoreAsync(new RewardInput("p", "abc", "abc"));
        Assert.Equal(1.5, score.Total);
        Assert.Equal([1, 1], score.Parts);
    }

    [Fact]
    public async Task A_missing_answer_is_an_error_and_not_a_wrong_answer() =>
        Assert.Equal(ErrorCodes.DataColumnMissing, (await Assert.ThrowsAsync<OpdException>(() => Score(new ExactRewardRecipe(), "a", null))).Code);

    [Theory]
    [InlineData("[1, 2]", 1)]
    [InlineData("```json\n[1]\n```", 1)]
    [InlineData("[0]", 0)]
    [InlineData("[1,", 0)]
    public async Task Json_is_judged_by_the_schema(string response, double expected)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, """{ "type": "array", "items": { "type": "integer", "minimum": 1 } }""");
        try
        {
            Assert.Equal(expected, await Score(new JsonSchemaRewardRecipe { Schema = file }, response, null));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<double> Score(RewardRecipe reward, string response, string? answer) =>
        (await new RewardScorer([reward], Path.GetTempPath()).ScoreAsync(new RewardInput("p", response, answer))).Total;
}
