using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Tokenization;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>The text behind the rows of a micro-batch: computed only when a stabilizer looks at it.</summary>
/// <param name="texts">The text of each row's token.</param>
/// <param name="sentences">For each row, the number of its sentence within its response, from 0.</param>
/// <param name="turns">For each row, the number of its turn within its response, from 0; −1 where the assistant did not write.</param>
internal sealed class ResponsePlaces(Func<string[]> texts, Func<int[]> sentences, Func<int[]> turns)
{
    private readonly Lazy<string[]> _texts = new(texts);
    private readonly Lazy<int[]> _sentences = new(sentences);
    private readonly Lazy<int[]> _turns = new(turns);

    /// <summary>The text of each row's token.</summary>
    public string[] Texts_N => _texts.Value;

    /// <summary>The sentence of each row.</summary>
    public int[] Sentence_N => _sentences.Value;

    /// <summary>The turn of each row; −1 where the assistant did not write.</summary>
    public int[] Turn_N => _turns.Value;

    /// <summary>Of rollouts that the student wrote: each response is one turn.</summary>
    public static ResponsePlaces Of(IReadOnlyList<Rollout> rollouts, ModelTokenizer tokenizer) => new(
        () => rollouts.SelectMany(r => r.ResponseIds).Select(tokenizer.TokenText).ToArray(),
        () => rollouts.SelectMany(r => SentenceSplitter.OfTokens(tokenizer.Decode(r.ResponseIds, SpecialTokens.Add), tokenizer.Spans(r.ResponseIds).Select(s => s.CharStart).ToArray())).ToArray(),
        () => new int[rollouts.Sum(r => r.ResponseIds.Length)]);
}
