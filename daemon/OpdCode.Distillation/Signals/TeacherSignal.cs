using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Signals;

/// <summary>
/// Another model reads what the student wrote and judges every token. It hands out hidden states, not logits: the
/// objective applies the head chunk by chunk, so [tokens × vocabulary] is never held.
/// </summary>
public sealed class TeacherSignal(LanguageModel teacher) : IDisposable
{
    /// <summary>The judging model.</summary>
    public LanguageModel Model => teacher;

    /// <summary>The teacher's output matrix [W, M].</summary>
    public torch.Tensor Head_WM => teacher.Decoder.Head_VD;

    /// <summary>The teacher's hidden states at the trained rows, without gradient: [N, M].</summary>
    public torch.Tensor Score(SequenceBatch batch)
    {
        using var none = torch.no_grad();
        return batch.HiddenRows(teacher.Decoder);
    }

    /// <summary>Refuses a teacher whose token ids mean something else than the student's.</summary>
    /// <exception cref="OpdException">OPD1101 with the first difference found.</exception>
    public void CheckSameTokens(LanguageModel student)
    {
        if (student.Tokenizer.ContentHash == teacher.Tokenizer.ContentHash) return;
        int shared = Math.Min(student.VocabularySize, teacher.VocabularySize);
        for (int id = 0; id < shared; id++)
        {
            if (student.Tokenizer.Bytes(id).SequenceEqual(teacher.Tokenizer.Bytes(id))) continue;
            throw new OpdException(ErrorCodes.TokenizersDiffer,
                $"Student and teacher have different tokenizers: id {id} is \"{student.Tokenizer.TokenText(id)}\" for the student ({student.Folder}) and "
                + $"\"{teacher.Tokenizer.TokenText(id)}\" for the teacher ({teacher.Folder}). Choose a teacher of the same family; token probabilities cannot be compared across tokenizers.");
        }
        // Same ids, another way of cutting text: the student's ids are what is scored, so the comparison stands as long as both have them.
        if (student.VocabularySize > teacher.VocabularySize)
        {
            throw new OpdException(ErrorCodes.TokenizersDiffer,
                $"The student can write {student.VocabularySize} tokens and the teacher knows only {teacher.VocabularySize} of them. Choose a teacher of the same family.");
        }
    }

    /// <inheritdoc />
    public void Dispose() => teacher.Dispose();
}
