namespace OpdCode.Models.Tokenization;

/// <summary>Do two models mean the same by a token id?</summary>
public static class TokenDifference
{
    /// <summary>What differs between two tokenizers, by content, as a sentence for the user; null when every id of the student means the same.</summary>
    /// <param name="student">Whose ids are compared.</param>
    /// <param name="studentSize">How many ids the student can write, at most the tokenizer's.</param>
    /// <param name="teacher">The other tokenizer.</param>
    /// <param name="teacherSize">How many ids the teacher knows, at most the tokenizer's.</param>
    /// <remarks>
    /// Equal ids with another way of cutting text are no difference: the student's ids are what is scored. Whether the
    /// teacher's head has a row for each of them is another question.
    /// </remarks>
    public static string? Find(ModelTokenizer student, int studentSize, ModelTokenizer teacher, int teacherSize)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        if (student.ContentHash == teacher.ContentHash) return null;
        int shared = Math.Min(studentSize, teacherSize);
        for (int id = 0; id < shared; id++)
        {
            if (student.Bytes(id).SequenceEqual(teacher.Bytes(id))) continue;
            return $"Student and teacher have different tokenizers: id {id} is \"{student.TokenText(id)}\" for the student and \"{teacher.TokenText(id)}\" for the teacher. "
                + "Choose a teacher of the same family; token probabilities cannot be compared across tokenizers.";
        }
        return studentSize > teacherSize
            ? $"The student can write {studentSize:N0} tokens and the teacher knows only {teacherSize:N0} of them. Choose a teacher of the same family."
            : null;
    }
}
