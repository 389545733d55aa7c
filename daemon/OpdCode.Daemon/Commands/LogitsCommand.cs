using System.CommandLine;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using Spectre.Console;
using TorchSharp;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode logits</c>: the next-token distribution at every position of given ids.</summary>
public static class LogitsCommand
{
    /// <summary>The command with its options and its action.</summary>
    public static Command Create()
    {
        Option<string> model = ModelOptions.Model("--model", "A model folder in Hugging Face layout.");
        Option<string> ids = new("--ids") { Description = "Token ids, comma-separated.", HelpName = "1,2,3", Required = true };
        Option<int> top = ModelOptions.Count("--top", "How many of the most likely tokens at each position; 0: the whole vocabulary.", "K", least: 0, usual: 5);
        Option<string> device = ModelOptions.Device();
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("logits", "Log-probabilities (nats) of the next token after each of the given ids.") { model, ids, top, device, json };
        command.SetWork(json, (parsed, _, _) =>
        {
            using LanguageModel loaded = ModelOptions.Load(parsed.GetRequiredValue(model), parsed.GetValue(device)!);
            int[] tokens = ModelOptions.Ids(parsed.GetRequiredValue(ids), loaded.Decoder.Config.VocabularySize);
            Models.Generation.Generator.CheckLength(loaded.Decoder.Config, tokens.Length, 0);
            return new LogitsResult(Positions(loaded, tokens, parsed.GetValue(top)));
        }, (console, result) =>
        {
            foreach (Position p in result.Positions)
                console.WriteLine($"after {p.Id}: " + string.Join("  ", p.Top.Take(10).Select(t => $"{t.Id} \"{t.Text}\" {t.Logprob:F4}")));
        });
        return command;
    }

    private static Position[] Positions(LanguageModel model, int[] tokens, int top)
    {
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor ids_1T = torch.tensor(tokens.Select(id => (long)id).ToArray(), [1, tokens.Length], device: model.Decoder.Device);
        torch.Tensor hidden_TD = model.Decoder.Hidden(ids_1T, AttentionPattern.Causal).squeeze(0);
        int vocabulary = model.Decoder.Config.VocabularySize, k = top == 0 ? vocabulary : Math.Min(top, vocabulary);
        return tokens.Select((id, t) =>
        {
            using var row = torch.NewDisposeScope();
            torch.Tensor logprobs_V = model.Decoder.Logits(hidden_TD[t]).log_softmax(-1);
            (torch.Tensor values_K, torch.Tensor ids_K) = logprobs_V.topk(k, -1);
            float[] values = values_K.cpu().data<float>().ToArray();
            long[] best = ids_K.cpu().data<long>().ToArray();
            double? sampled = t + 1 < tokens.Length ? logprobs_V[tokens[t + 1]].ToDouble() : null;
            return new Position(t, id, sampled, best.Select((b, i) => new Alternative((int)b, Text(model, (int)b), values[i])).ToArray());
        }).ToArray();
    }

    // Rows of the head beyond the tokenizer have no text.
    private static string Text(LanguageModel model, int id) => id < model.Tokenizer.VocabularySize ? model.Tokenizer.TokenText(id) : "";

    /// <summary>What <c>logits --json</c> prints.</summary>
    public sealed record LogitsResult(IReadOnlyList<Position> Positions);

    /// <summary>The distribution after one of the given ids.</summary>
    /// <param name="Index">Place of the id, from 0.</param>
    /// <param name="Id">The id.</param>
    /// <param name="NextLogprob">log p of the id that follows in the given ids, nats; null at the last.</param>
    /// <param name="Top">Most likely next tokens, best first.</param>
    public sealed record Position(int Index, int Id, double? NextLogprob, IReadOnlyList<Alternative> Top);

    /// <summary>A possible next token.</summary>
    public sealed record Alternative(int Id, string Text, float Logprob);
}
