using OpdCode.Protocol;

namespace OpdCode.Recipes.Tests;

public sealed class RecipeReaderTests
{
    [Fact]
    public void Comments_trailing_commas_and_kind_in_any_position_are_read()
    {
        RecipeReading reading = Sample.Parse(Sample.Valid);
        Assert.Empty(reading.Problems);
        DivergenceObjectiveRecipe objective = Assert.IsType<DivergenceObjectiveRecipe>(reading.Recipe!.Objective);
        Assert.Equal(("jsd", 0.3), (objective.Divergence, objective.Beta));
        Assert.Equal("../models/teacher", Assert.IsType<TeacherSignalRecipe>(reading.Recipe.Signal).Model);
        Assert.Equal(100, reading.Recipe.Steps);
        Assert.Equal(Path.Combine(Path.GetTempPath(), "models", "student"), reading.FullPath("../models/student"));
    }

    [Fact]
    public void All_problems_are_reported_at_once_with_their_places()
    {
        RecipeReading reading = Sample.Parse("""
            {
              "version": 1, "stepps": 3,
              "student": { "model": 7 },
              "objective": { "kind": "divergense" },
              "optimizer": { "learningRate": -1, "schedule": "cosin", "warmupSteps": 1.5 },
              "rollout": { "topP": 0 },
              "steps": "10"
            }
            """);
        Assert.Null(reading.Recipe);
        Assert.Equal(
            [
                "OPD1004 data 1:1 data is missing. It is an object { … }.",
                "OPD1003 stepps 2:17 \"stepps\" is not a setting of a recipe. Did you mean \"steps\"?",
                "OPD1005 student.model 3:25 student.model must be a text, not the number 7.",
                "OPD1007 objective.kind 4:26 objective.kind cannot be \"divergense\". Did you mean \"divergence\"?",
                "OPD1006 optimizer.learningRate 5:34 optimizer.learningRate is -1; it must be at least 0 and at most 10.",
                "OPD1007 optimizer.schedule 5:50 optimizer.schedule cannot be \"cosin\". Did you mean \"cosine\"? It can be \"constant\", \"linear\", \"cosine\", \"flat-then-linear\".",
                "OPD1005 optimizer.warmupSteps 5:74 optimizer.warmupSteps must be a whole number, not 1.5.",
                "OPD1006 rollout.topP 6:24 rollout.topP is 0; it must be greater than 0 and at most 1.",
                "OPD1005 steps 7:12 steps must be a whole number, not the text \"10\".",
            ],
            reading.Problems.Select(p => p.Path == "objective.kind" ? Sample.Show(p)[..Sample.Show(p).IndexOf(" It can", StringComparison.Ordinal)] : Sample.Show(p)));
    }

    [Fact]
    public void Columns_count_utf16_units_and_survive_crlf()
    {
        RecipeReading reading = RecipeReader.Parse("\uFEFF{\r\n  /* 😀 */ \"näme\": 1,\r\n \"😀\": 2 }", "r.opd.json");
        Assert.Contains(reading.Problems, p => p is { Code: ErrorCodes.UnknownKey, Path: "näme", Line: 2, Column: 12, EndColumn: 18 } && p.Fix!.NewText == "\"name\"");
        Assert.Contains(reading.Problems, p => p is { Code: ErrorCodes.UnknownKey, Path: "😀", Line: 3, Column: 2, EndColumn: 6 });
    }

    [Fact]
    public void A_syntax_error_does_not_hide_the_problems_before_it()
    {
        RecipeReading reading = Sample.Parse("{ \"steps\": 0,\n  \"seed\": }");
        Assert.Equal([(ErrorCodes.OutOfRange, 1, 12), (ErrorCodes.RecipeInvalid, 2, 11)], reading.Problems.Select(p => (p.Code, p.Line, p.Column)));
    }

    [Theory]
    [InlineData("steps=7")]
    [InlineData("rollout.temperature=0.5")]
    [InlineData("device=cpu")]
    [InlineData("student.lora.r=4")]
    [InlineData("objective={\"kind\":\"supervised\"}")]
    [InlineData("name=007")]
    public void Overrides_are_applied(string setting)
    {
        RecipeReading reading = Sample.Parse(Sample.Valid, setting);
        Assert.DoesNotContain(reading.Problems, p => p.Severity == ProblemSeverity.Error);
        Recipe recipe = reading.Recipe!;
        object? seen = setting[..setting.IndexOf('=', StringComparison.Ordinal)] switch
        {
            "steps" => recipe.Steps == 7,
            "rollout.temperature" => recipe.Rollout.Temperature == 0.5,
            "device" => recipe.Device == "cpu",
            "student.lora.r" => recipe.Student.Lora!.R == 4,
            "name" => recipe.Name == "007",
            _ => recipe.Objective is SupervisedObjectiveRecipe,
        };
        Assert.Equal(true, seen);
    }

    [Theory]
    [InlineData("rollout.temprature=1", "OPD1003", "\"temprature\" is not a setting of rollout. Did you mean \"temperature\"?")]
    [InlineData("rollouts.temperature=1", "OPD1003", "\"rollouts\" is not a setting of a recipe. Did you mean \"rollout\"?")]
    [InlineData("steps.x=1", "OPD1009", "--set steps.x: there is no steps to set something in. steps is the text \"?\", not an object.")]
    [InlineData("steps", "OPD1009", "--set steps is not of the form path=value, for example optimizer.learningRate=1e-4.")]
    [InlineData("steps=many", "OPD1005", "steps must be a whole number, not the text \"many\".")]
    public void Overrides_that_do_not_fit_are_problems(string setting, string code, string message)
    {
        string text = setting.StartsWith("steps.", StringComparison.Ordinal) ? Sample.Valid.Replace("\"version\"", "\"steps\": \"?\", \"version\"", StringComparison.Ordinal) : Sample.Valid;
        Assert.Contains(Sample.Parse(text, setting).Problems, p => p.Code == code && p.Message == message);
    }

    [Fact]
    public void A_recipe_that_is_not_there_is_a_problem()
    {
        RecipeReading reading = RecipeReader.Read("nowhere.opd.json");
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Single(reading.Problems).Code);
    }
}
