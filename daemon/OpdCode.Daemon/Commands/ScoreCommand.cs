using System.CommandLine;
using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode score</c>: token feedback of any text.</summary>
public static class ScoreCommand
{
    /// <summary>The command with its options and its action.</summary>
    public static Command Create()
    {
        Option<string> student = ModelOptions.Model("--student", "The student's model folder.");
        Option<string> teacher = ModelOptions.Model("--teacher", "The teacher's model folder.");
        Option<string> prompt = new("--prompt") { Description = "What stands before the response.", HelpName = "TEXT", Required = true };
        Option<string> response = new("--response") { Description = "The text to judge.", HelpName = "TEXT", Required = true };
        Option<string> divergence = new("--divergence") { Description = "reverse-kl (KL(student‖teacher)), forward-kl (KL(teacher‖student)), jsd, …", HelpName = "NAME", DefaultValueFactory = _ => "reverse-kl" };
        Option<int> top = ModelOptions.Count("--top", "Alternatives of each model per token.", "K", least: 1, usual: 5);
        Option<string> device = ModelOptions.Device();
        Option<bool> plain = ModelOptions.Plain(), json = CommandEdge.JsonOption();
        Command command = new("score", "What the teacher says about every token of a text.") { student, teacher, prompt, response, divergence, top, plain, device, json };
        command.SetWork(json, (parsed, _, _) =>
        {
            string text = parsed.GetRequiredValue(response);
            if (text.Length == 0) throw Empty();
            using LanguageModel learner = ModelOptions.Load(parsed.GetRequiredValue(student), parsed.GetValue(device)!);
            using var judge = new TeacherSignal(ModelOptions.Load(parsed.GetRequiredValue(teacher), parsed.GetValue(device)!));
            judge.CheckSameTokens(learner);
            (int[] promptIds, string format) = ModelOptions.Encode(learner, parsed.GetRequiredValue(prompt), parsed.GetValue(plain));
            int[] responseIds = learner.Tokenizer.Encode(text, SpecialTokens.None).Ids;
            if (responseIds.Length == 0) throw Empty(); // a normalizer may leave nothing
            Generator.CheckLength(learner.Decoder.Config, promptIds.Length, responseIds.Length);
            Generator.CheckLength(judge.Model.Decoder.Config, promptIds.Length, responseIds.Length);
            IObjective objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = parsed.GetValue(divergence)! });
            RolloutRecord feedback = TextScorer.Score(learner, judge, objective, promptIds, responseIds, parsed.GetValue(top));
            return new ScoreResult(format, promptIds, Totals(feedback), feedback);
        }, Print);
        return command;
    }

    private static OpdException Empty() => new(ErrorCodes.OutOfRange, "The response is empty: there is no token to judge. Give --response some text.");

    private static ScoreTotals Totals(RolloutRecord f) => new(
        f.TokenIds.Length, f.StudentLogprobs!.Sum(x => (double)x), f.TeacherLogprobs!.Sum(x => (double)x), f.Divergence!.Average(x => (double)x));

    private static void Print(IAnsiConsole console, ScoreResult result)
    {
        RolloutRecord f = result.Feedback;
        Table table = new Table().Border(TableBorder.Simple)
            .AddColumns("#", "token", "log p student", "log p teacher", "log-ratio", "divergence", "teacher's rank", "teacher would say");
        for (int t = 0; t < f.TokenIds.Length; t++)
        {
            double ratio = f.StudentLogprobs![t] - f.TeacherLogprobs![t];
            string color = ratio > 1 ? "orange3" : ratio < -1 ? "deepskyblue1" : "default";
            table.AddRow(
                $"{t + 1}", $"[{color}]{Quoted(f.TokenTexts[t])}[/]", $"{f.StudentLogprobs[t]:0.000;-0.000;0.000}", $"{f.TeacherLogprobs[t]:0.000;-0.000;0.000}", $"[{color}]{ratio:+0.000;-0.000;0.000}[/]",
                $"{f.Divergence![t]:F4}", $"{f.TeacherRank![t]}", $"{Quoted(f.TeacherTopTexts![t][0])} {Math.Exp(f.TeacherTopLogprobs![t][0]):P0}");
        }
        console.Write(table);
        console.MarkupLineInterpolated($"Log-probabilities in nats. Log-ratio = log p_student − log p_teacher: positive (orange) = student more confident than the teacher.");
        console.MarkupLineInterpolated($"Divergence: {f.DivergenceLabel}. Mean {result.Totals.MeanDivergence:F4} nats per token over {result.Totals.Tokens} tokens; prompt format: {result.Format}.");
    }

    // A space must be seen.
    private static string Quoted(string token) => Markup.Escape($"\"{token}\"");

    /// <summary>What <c>score --json</c> prints.</summary>
    /// <param name="Format">chat or plain: how the prompt became ids.</param>
    /// <param name="PromptIds">The prompt as both models saw it.</param>
    /// <param name="Totals">Sums and means over the response.</param>
    /// <param name="Feedback">Aligned arrays, one entry per response token; the format of rollouts/*.jsonl.</param>
    public sealed record ScoreResult(string Format, int[] PromptIds, ScoreTotals Totals, RolloutRecord Feedback);

    /// <summary>Over the whole response.</summary>
    /// <param name="Tokens">Response tokens.</param>
    /// <param name="StudentLogprob">Sum of log p_student, nats.</param>
    /// <param name="TeacherLogprob">Sum of log p_teacher, nats.</param>
    /// <param name="MeanDivergence">Mean divergence, nats per token.</param>
    public sealed record ScoreTotals(int Tokens, double StudentLogprob, double TeacherLogprob, double MeanDivergence);
}
