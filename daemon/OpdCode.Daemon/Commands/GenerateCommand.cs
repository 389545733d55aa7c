using System.CommandLine;
using OpdCode.Models;
using OpdCode.Models.Generation;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode generate</c>: a model continues a prompt.</summary>
public static class GenerateCommand
{
    /// <summary>The command with its options and its action.</summary>
    public static Command Create()
    {
        Option<string> model = ModelOptions.Model("--model", "A model folder in Hugging Face layout.");
        Option<string> prompt = new("--prompt") { Description = "The prompt.", HelpName = "TEXT", Required = true };
        Option<int> samples = ModelOptions.Count("--samples", "How many responses.", "N", least: 1, usual: 1);
        Option<int> length = ModelOptions.Count("--max-new-tokens", "The longest response, in tokens; 0: as long as the model's context allows, at most 128.", "N", least: 0, usual: 0);
        Option<double> temperature = ModelOptions.Number("--temperature", "0 is greedy.", "T", value => value >= 0, "0 or more", usual: 0);
        Option<int> topK = ModelOptions.Count("--top-k", "Keep only the k most likely tokens; 0 keeps all.", "K", least: 0, usual: 0);
        Option<double> topP = ModelOptions.Number("--top-p", "Keep the smallest set of tokens with this mass; 1 keeps all.", "P", value => value is > 0 and <= 1, "above 0 and at most 1", usual: 1);
        Option<long> seed = new("--seed") { Description = "Seed of the sampling.", HelpName = "N", DefaultValueFactory = _ => 1 };
        Option<string> device = ModelOptions.Device();
        Option<bool> plain = ModelOptions.Plain(), json = CommandEdge.JsonOption();
        Command command = new("generate", "Let a model continue a prompt.") { model, prompt, samples, length, temperature, topK, topP, seed, plain, device, json };
        command.SetWork(json, (parsed, _, cancel) =>
        {
            using LanguageModel loaded = ModelOptions.Load(parsed.GetRequiredValue(model), parsed.GetValue(device)!);
            (int[] ids, string format) = ModelOptions.Encode(loaded, parsed.GetRequiredValue(prompt), parsed.GetValue(plain));
            int count = parsed.GetValue(samples);
            var options = new SamplingOptions
            {
                MaxNewTokens = Longest(parsed.GetValue(length), loaded, ids), Temperature = parsed.GetValue(temperature), TopK = parsed.GetValue(topK), TopP = parsed.GetValue(topP),
                Seed = parsed.GetValue(seed), StopIds = loaded.StopIds,
            };
            IReadOnlyList<GeneratedSequence> written = Generator.Generate(
                loaded.Decoder, loaded.VocabularySize, Enumerable.Repeat(ids, count).ToArray(), Enumerable.Range(0, count).Select(i => (long)i).ToArray(), options, cancel: cancel);
            return new GenerateResult(format, ids, written.Select(w => new GeneratedText(
                loaded.DecodeResponse(w.Ids), w.Ids, w.SamplerLogprobs, w.PlainLogprobs, w.Finish == FinishReason.Stop ? "stop" : "length")).ToArray());
        }, (console, result) =>
        {
            foreach (GeneratedText text in result.Responses) console.WriteLine(text.Text);
        });
        return command;
    }

    private static int Longest(int asked, LanguageModel model, int[] prompt) =>
        asked > 0 ? asked : Math.Clamp(model.Decoder.Config.ContextLimit - prompt.Length, 1, 128);

    /// <summary>What <c>generate --json</c> prints.</summary>
    /// <param name="Format">chat or plain: how the prompt became ids.</param>
    /// <param name="PromptIds">The prompt as the model saw it.</param>
    /// <param name="Responses">One per sample.</param>
    public sealed record GenerateResult(string Format, int[] PromptIds, IReadOnlyList<GeneratedText> Responses);

    /// <summary>One response.</summary>
    /// <param name="Text">Without special tokens.</param>
    /// <param name="Ids">The sampled tokens, a stop token included.</param>
    /// <param name="SamplerLogprobs">log p under the distribution that was sampled from, nats.</param>
    /// <param name="PlainLogprobs">log p under the model itself, nats.</param>
    /// <param name="Finish">stop or length.</param>
    public sealed record GeneratedText(string Text, int[] Ids, float[] SamplerLogprobs, float[] PlainLogprobs, string Finish);
}
