namespace OpdCode.Models.Generation.Cpu;

/// <summary>A prompt that one or more responses continue: computed once, its keys and values shared.</summary>
internal sealed class CpuPrompt(int[] ids, TokenBlocks blocks, int width) : IDisposable
{
    /// <summary>The tokens.</summary>
    public int[] Ids => ids;

    /// <summary>Tokens that have been computed.</summary>
    public int Done { get; set; }

    /// <summary>Whether a response can start.</summary>
    public bool Ready => Done == ids.Length;

    /// <summary>Responses that have not started yet.</summary>
    public int Waiting { get; set; }

    /// <summary>Keys and values.</summary>
    public TokenSequence Sequence { get; } = new(blocks);

    /// <summary>The last token's hidden state, from which every response's first token is drawn.</summary>
    public float[] Hidden { get; } = new float[width];

    /// <inheritdoc/>
    public void Dispose() => Sequence.Dispose();
}
