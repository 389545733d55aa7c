using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Models.Decoding;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// Another model reads what the student wrote and judges every token. It hands out hidden states, not logits: the
/// objective applies the head chunk by chunk, so [tokens × vocabulary] is never held.
/// </summary>
/// <param name="teacher">The judging model.</param>
/// <param name="cache">Where its readings are kept; null: nowhere.</param>
public sealed class TeacherSignal(LanguageModel teacher, ScoreCache? cache = null) : IJudge
{
    /// <inheritdoc />
    public string Name => $"the teacher ({teacher.Folder})";

    /// <inheritdoc />
    public int ContextLimit => teacher.Decoder.Config.ContextLimit;

    /// <inheritdoc />
    public long? Parameters => teacher.Decoder.Config.ParameterCount;

    /// <inheritdoc />
    public IMethodState? State => null;

    /// <inheritdoc />
    public T Use<T>(Func<Decoder, T> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        using var none = torch.no_grad();
        return use(teacher.Decoder);
    }

    /// <inheritdoc />
    public void Stepped(int step)
    {
        // A teacher stays what it is.
    }

    /// <summary>The judging model.</summary>
    public LanguageModel Model => teacher;

    /// <summary>The teacher's output matrix [W, M].</summary>
    public torch.Tensor Head_WM => teacher.Decoder.Head_VD;

    /// <summary>The teacher's hidden states at the trained rows, without gradient: [N, M].</summary>
    public torch.Tensor Score(SequenceBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var none = torch.no_grad();
        return cache is null ? batch.HiddenRows(teacher.Decoder) : cache.Rows(batch, () => batch.HiddenRows(teacher.Decoder));
    }

    /// <inheritdoc />
    public torch.Tensor HiddenRows(SequenceBatch batch) => Score(batch);

    /// <summary>Refuses a teacher whose token ids mean something else than the student's.</summary>
    /// <exception cref="OpdException">OPD1101 with the first difference found.</exception>
    public void CheckSameTokens(LanguageModel student)
    {
        if (TokenDifference.Find(student.Tokenizer, student.VocabularySize, teacher.Tokenizer, teacher.VocabularySize) is { } difference)
            throw new OpdException(ErrorCodes.TokenizersDiffer, $"{difference} The student is {student.Folder}, the teacher {teacher.Folder}.");
    }

    /// <summary>Refuses a teacher that cannot judge everything that the student may write.</summary>
    /// <param name="student">The model that writes.</param>
    /// <param name="longestPrompt">Tokens of the longest prompt.</param>
    /// <param name="longestResponse">Tokens of the longest response.</param>
    /// <exception cref="OpdException">
    /// OPD1202 when the teacher's context ends before the longest text; OPD1302 when its head has no row for a token of the student.
    /// </exception>
    public void CheckFits(LanguageModel student, int longestPrompt, int longestResponse)
    {
        ArgumentNullException.ThrowIfNull(student);
        int context = teacher.Decoder.Config.ContextLimit;
        if ((long)longestPrompt + longestResponse > context)
        {
            throw new OpdException(ErrorCodes.PromptTooLong,
                $"The longest prompt has {longestPrompt} tokens and up to {longestResponse} more may follow, but the context of the teacher ({teacher.Folder}) ends at {context}. Shorten the prompts or lower the longest response.");
        }
        long rows = Head_WM.shape[0];
        if (rows < student.VocabularySize)
        {
            throw new OpdException(ErrorCodes.VocabularyMismatch,
                $"The student can write {student.VocabularySize} tokens and the head of the teacher ({teacher.Folder}) has rows for only {rows} of them. Choose a teacher of the same family.");
        }
    }

    /// <inheritdoc />
    public void Dispose() => teacher.Dispose();
}
