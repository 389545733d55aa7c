using OpdCode.Protocol;
using OpdCode.Recipes.Editing;

namespace OpdCode.Recipes.Rules;

/// <summary>Is there a judgement, and can it differ from what the student already thinks?</summary>
internal static class SignalRules
{
    /// <summary>Above this the reported cliff of structured output begins (2605.08737: onset in 1.204 to 1.228).</summary>
    private const double CliffOnset = 1.2;

    /// <summary>Below this an averaged judge is more of today's student than of its own past; published rates are 0.9 to 0.999.</summary>
    private const double LeastUsualDecay = 0.5;

    /// <summary>Scores responses by the answer column: the reward that most data have what it needs for.</summary>
    public static Cure AddRewards { get; } = Cure.Add("rewards", "[{ \"kind\": \"exact\" }]");

    /// <summary>Adds a teacher; its folder is for the user to say.</summary>
    public static Cure AddTeacher { get; } = Cure.Add("signal", "{ \"kind\": \"teacher\", \"model\": \"teacher\" }");

    public static void Check(RuleContext recipe)
    {
        string? objective = recipe.Text("objective.kind");
        if (objective is "divergence" or "policy-gradient" && !recipe.Has("signal") && recipe.IsComplete("signal"))
            recipe.Error(ErrorCodes.SignalMissing, "signal",
                $"The {objective} objective needs a signal: who judges the tokens? Add \"signal\": {{ \"kind\": \"teacher\", \"model\": \"…\" }}.", AddTeacher);
        if (recipe.Has("pretraining") && recipe.Number("pretraining.coefficient") > 0 && recipe.Number("pretraining.judgeShare") is > 0 and var share && (objective == "supervised" || !recipe.Has("signal") && recipe.IsComplete("signal")))
            recipe.Error(ErrorCodes.SignalMissing, "pretraining.judgeShare",
                $"pretraining.judgeShare is {RuleContext.Show(share)}: a part of the target is what a judge expects of the text, and {(objective == "supervised" ? "the supervised objective asks nobody" : "the recipe has no signal")}. Set it to 0, which learns from the text's own tokens.", Cure.Set("pretraining.judgeShare", "0"));
        CheckSelfTeaching(recipe, objective);
        CheckContexts(recipe, objective);
        CheckExtrapolation(recipe);
        CheckAverage(recipe);
    }

    /// <summary>Whether something beside the objective looks at rewards.</summary>
    public static bool UsesRewards(RuleContext recipe) => recipe.Text("signal.context.kind") == "peers" || recipe.Has("acceleration");

    private static void CheckContexts(RuleContext recipe, string? objective)
    {
        if (recipe.Text("signal.context.kind") == "peers" && recipe.Items("rewards").Count == 0 && recipe.IsComplete("rewards"))
            recipe.Error(ErrorCodes.SignalMissing, "rewards", "The context \"peers\" shows successful attempts: what scores an attempt? Add \"rewards\": [{ \"kind\": \"exact\" }].", AddRewards);
        if (recipe.Flag("signal.writesPreferred") && objective is not (null or "preference"))
            recipe.Error(ErrorCodes.ObjectiveRefused, "signal.writesPreferred",
                $"signal.writesPreferred makes pairs, which only the preference objective compares; the objective is {objective}. Set objective.kind to \"preference\", or writesPreferred to false.", Cure.Set("signal.writesPreferred", "false"));
        if (recipe.Text("signal.kind") == "self" && recipe.Text("signal.weights") is "live" or "frozen" && !recipe.Has("signal.context") && !recipe.Has("signal.extrapolation") && objective is not (null or "supervised"))
            recipe.Warn(ErrorCodes.TeacherIsStudent, "signal",
                "The student judges itself and sees nothing that it did not see when it wrote: both agree on every token, so there is nothing to learn. Add signal.context, for example a template with {completion}.",
                Cure.Add("signal.context", "{ \"kind\": \"template\", \"text\": \"{prompt}\\n\\nA correct solution:\\n{completion}\\n\\nSolve the problem in your own words.\" }"));
    }

    private static void CheckSelfTeaching(RuleContext recipe, string? objective)
    {
        if (objective is null or "supervised" || recipe.Text("signal.kind") != "teacher" || recipe.Flag("student.fromScratch") || recipe.Has("signal.extrapolation")) return;
        if (recipe.Text("student.model") is not { } student || recipe.Text("signal.model") is not { } teacher) return;
        if (DataRules.SamePath(recipe.Folder, student, teacher))
            recipe.Warn(ErrorCodes.TeacherIsStudent, "signal.model",
                $"The teacher is the model that the student starts from ({LimitedText(teacher)}): both agree on every token, so there is nothing to learn. Choose another teacher, or give the teacher something that the student does not see.");
    }

    // Some code writes the share of the student, some the share of what was: the one is 1 minus the other.
    private static void CheckAverage(RuleContext recipe)
    {
        if (recipe.Text("signal.weights") != "ema" || !recipe.IsChosen("signal.decay") || recipe.Number("signal.decay") is not ({ } decay and > 0 and < LeastUsualDecay)) return;
        string reversed = RuleContext.Show(Math.Round(1 - decay, 6));
        recipe.Warn(ErrorCodes.AverageReversed, "signal.decay",
            $"signal.decay is {RuleContext.Show(decay)}: each time the judge keeps so much of itself and takes {reversed} from the student, so it hardly is an average. Where the rate is the student's share, as in some code, write {reversed}.",
            Cure.Set("signal.decay", reversed));
    }

    private static void CheckExtrapolation(RuleContext recipe)
    {
        // ExOPD's own 1.25, the default, is for free text; the run measures and reports where it is too far.
        if (!recipe.IsChosen("signal.extrapolation.lambda") || recipe.Number("signal.extrapolation.lambda") is not { } lambda || lambda <= CliffOnset || recipe.Text("signal.extrapolation.guard") == "cap") return;
        recipe.Warn(ErrorCodes.ExtrapolationCliff, "signal.extrapolation.lambda",
            $"signal.extrapolation.lambda is {RuleContext.Show(lambda)}. Structured output was seen to break between 1.20 and 1.23 (arXiv 2605.08737); where it breaks depends on teacher and base. Set the guard to \"cap\", or watch the parse rate.",
            Cure.Set("signal.extrapolation.guard", "\"cap\""));
    }

    private static string LimitedText(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
}
