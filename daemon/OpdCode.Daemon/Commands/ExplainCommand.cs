using System.CommandLine;
using OpdCode.Distillation.Objectives.Explaining;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode explain</c>: what a recipe's objective and stabilizers do to given tokens, by the code that trains.</summary>
public static class ExplainCommand
{
    /// <summary>The command with its options and its action.</summary>
    public static Command Create()
    {
        Argument<string> file = new("case") { Description = "A JSON file with objective and stabilizers (both as in a recipe), or a method, and sequences of logits.", HelpName = "CASE.json" };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("explain", "What an objective does to given tokens: divergence, advantage, weight, loss and gradient of each, in double precision.") { file, json };
        command.SetWork(json, (parsed, _, _) =>
        {
            string path = parsed.GetRequiredValue(file);
            if (!File.Exists(path)) throw new OpdException(ErrorCodes.FileNotFound, $"There is no case {path}. Check the name.");
            ExplainCase question = ExplainCaseReader.Parse(File.ReadAllText(path));
            TorchRuntime.EnsureLoaded();
            return ObjectiveExplainer.Explain(question);
        }, Print);
        return command;
    }

    private static void Print(IAnsiConsole console, Explanation explanation)
    {
        for (int s = 0; s < explanation.Sequences.Count; s++)
        {
            Table table = new Table().Border(TableBorder.Simple).Title($"sequence {s + 1}")
                .AddColumns("#", "log p student", "log p teacher", "divergence", "advantage", "weight", "loss", "H student", "H teacher", "mass student", "mass teacher", "largest gradient");
            string[] stages = [.. explanation.Sequences[s].Tokens.Select(t => t.Stages?.Keys).FirstOrDefault(k => k is not null) ?? []];
            string[] terms = [.. explanation.Sequences[s].Tokens.Select(t => t.Terms?.Keys).FirstOrDefault(k => k is not null) ?? []];
            bool isShifted = explanation.Sequences[s].Tokens.Any(t => t.AdvantageShift is not null);
            table.AddColumns([.. isShifted ? ["shift"] : Array.Empty<string>(), .. stages.Select(n => $"after {n}"), .. terms.Select(n => $"loss of {n}")]);
            for (int t = 0; t < explanation.Sequences[s].Tokens.Count; t++)
            {
                ExplainedToken token = explanation.Sequences[s].Tokens[t];
                double[] gradient = explanation.Sequences[s].Gradient[t];
                int largest = Enumerable.Range(0, gradient.Length).MaxBy(v => Math.Abs(gradient[v]));
                string[] shaped = [.. isShifted ? [Show(token.AdvantageShift)] : Array.Empty<string>(), .. stages.Select(n => Show(token.Stages?.GetValueOrDefault(n))), .. terms.Select(n => Show(token.Terms?.GetValueOrDefault(n)))];
                table.AddRow([$"{t + 1}", Show(token.StudentLogprob), Show(token.TeacherLogprob), Show(token.Divergence), Show(token.Advantage), Show(token.Weight), Show(token.Loss),
                    Show(token.StudentEntropy), Show(token.TeacherEntropy), Show(token.StudentMass), Show(token.TeacherMass), $"{Show(gradient[largest])} on id {largest}", .. shaped]);
            }
            console.Write(table);
        }
        console.MarkupLineInterpolated($"Loss {explanation.Loss:F6}. A negative gradient makes a token more likely.");
        foreach (string note in explanation.Notes) console.MarkupLineInterpolated($"{note}");
    }

    private static string Show(double? value) => value is { } number ? FormattableString.Invariant($"{number:F5}") : "";
}
