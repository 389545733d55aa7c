using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Models.Preflight;

/// <summary>Prompts as the models read them: the templates side by side, and the longest against the context.</summary>
internal sealed class PromptChecks(RecipeReading reading, Recipe recipe, ModelFacts student, ModelFacts? teacher)
{
    private readonly List<Problem> _problems = [];

    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Tokens of the longest prompt seen; 0 before <see cref="Check"/>.</summary>
    public int LongestPrompt { get; private set; }

    /// <summary>Checks the first prompt in words and the longest ones in tokens.</summary>
    public PromptPreview? Check(DataSurvey data)
    {
        if (data.First is not { } first) return null;
        try
        {
            string text = Text(student, first);
            string? other = teacher?.Template is null || recipe.Data.Format == PromptFormat.Plain ? null : Text(teacher, first);
            CompareTemplates(text, other);
            foreach (TrainingExample example in data.LongestPrompts) LongestPrompt = Math.Max(LongestPrompt, Tokens(Text(student, example)));
            CheckContext(student);
            if (teacher is not null) CheckContext(teacher);
            return new PromptPreview(text, other, Tokens(text), LongestPrompt);
        }
        catch (OpdException e)
        {
            _problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, "data.train", e.Message));
            return null;
        }
    }

    /// <summary>Tokens of a completion, its end included.</summary>
    public int CompletionTokens(TrainingExample example) => student.Tokenizer.Encode(example.Completion!, SpecialTokens.None).Ids.Length + 1;

    private int Tokens(string text) => student.Tokenizer.Encode(text, recipe.Data.Format == PromptFormat.Plain ? SpecialTokens.Add : SpecialTokens.None).Ids.Length;

    private string Text(ModelFacts model, TrainingExample example)
    {
        if (recipe.Data.Format == PromptFormat.Plain)
            return example.Prompt ?? throw new OpdException(ErrorCodes.DataLineInvalid, $"line {example.Line}: data.format is \"plain\" but the line has messages instead of a \"prompt\" text. Use \"chat\", or write prompts.");
        ChatMessage[] messages = example.Messages is { } chat ? [.. chat.Select(m => new ChatMessage(m.Role, m.Content))] : [new ChatMessage("user", example.Prompt!)];
        return model.Render(messages, addGenerationPrompt: true)
            ?? throw new OpdException(ErrorCodes.ChatTemplateInvalid, $"{model.Folder} has no chat template, and data.format is \"chat\". Use \"plain\", or add the template that the model was trained with.");
    }

    private void CompareTemplates(string own, string? other)
    {
        if (other is null || own == other) return;
        int at = 0;
        while (at < own.Length && at < other.Length && own[at] == other[at]) at++;
        _problems.Add(reading.ProblemAt(ErrorCodes.TemplatesDiffer, ProblemSeverity.Warning, teacher!.Setting,
            $"The same prompt is {Excerpt(own, at)} for the student and {Excerpt(other, at)} for the teacher (character {at + 1}). The teacher is given the student's text, which it was not trained on; 0.29 nats a token were measured for that. Use one template for both."));
    }

    private void CheckContext(ModelFacts model)
    {
        int needed = LongestPrompt + recipe.Rollout.MaxNewTokens;
        if (needed <= model.Config.ContextLimit) return;
        _problems.Add(reading.ProblemAt(ErrorCodes.ContextTooShort, ProblemSeverity.Error, "rollout.maxNewTokens",
            $"The longest prompt has {LongestPrompt:N0} tokens and up to {recipe.Rollout.MaxNewTokens:N0} may follow, {needed:N0} together; the context of {model.Setting} ends at {model.Config.ContextLimit:N0}. "
            + $"Lower rollout.maxNewTokens to {Math.Max(model.Config.ContextLimit - LongestPrompt, 0):N0}, or shorten the prompts."));
    }

    private static string Excerpt(string text, int at)
    {
        int from = Math.Max(at - 12, 0), to = Math.Min(at + 28, text.Length);
        return $"\"{(from > 0 ? "…" : "")}{text[from..to].Replace("\n", "\\n", StringComparison.Ordinal)}{(to < text.Length ? "…" : "")}\"";
    }
}
