namespace OpdCode.Protocol;

/// <summary>One prompt of the data as the models see it, chat template rendered.</summary>
/// <param name="Student">As the student sees it.</param>
/// <param name="Teacher">As the teacher sees it; null without a teacher.</param>
/// <param name="Same">Whether both are the same tokens.</param>
public sealed record PromptPreviewText(string Student, string? Teacher, bool Same);
