using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Editing;

namespace OpdCode.Models.Preflight;

/// <summary>Prompts as the models read them: the templates side by side, and the longest against the context.</summary>
internal sealed class PromptChecks(RecipeReading reading, Recipe recipe, ModelFacts student, ModelFacts? teacher, ModelFacts? from)
{
    private readonly List<Problem> _problems = [];

    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Tokens of the longest prompt seen; 0 before <see cref="Check"/>.</summary>
    public int LongestPrompt { get; private set; }

    /// <summary>Tokens of the longest prompt that a judge may be shown; 0 where it is shown the student's.</summary>
    public int LongestContext { get; private set; }

    /// <summary>Checks the first prompt in words and the longest ones in tokens.</summary>
    /// <param name="data">The training data.</param>
    /// <param name="contexts">What judges are shown instead of the prompt.</param>
    public PromptPreview? Check(DataSurvey data, IReadOnlyList<ContextText> contexts)
    {
        if (data.First is not { } first) return null;
        try
        {
            string text = Text(student, first);
            string? other = teacher?.Template is null || recipe.Data.Format == PromptFormat.Plain ? null : Text(teacher, first);
            CompareTemplates(text, other);
            foreach (TrainingExample example in data.LongestPrompts) LongestPrompt = Math.Max(LongestPrompt, Tokens(Text(student, example)));
            int shown = 0; // what the data alone make of it
            foreach (ContextText context in contexts)
            {
                int longest = data.LongestExamples.Max(example => Tokens(Text(student, Shown(example, context.Fill(example)))));
                shown = Math.Max(shown, longest);
                LongestContext = Math.Max(LongestContext, longest + context.GivenTokens);
            }
            CheckContext(student, LongestPrompt, "prompt");
            if (teacher is not null) CheckContext(teacher, LongestPrompt, "prompt");
            if (from is not null) CheckContext(from, LongestPrompt, "prompt");
            // The judge is a teacher, or the student itself.
            if (LongestContext > LongestPrompt) CheckContext(teacher ?? student, LongestContext, "prompt with what signal.context adds",
                shown + recipe.Rollout.MaxNewTokens > (teacher ?? student).Config.ContextLimit ? ProblemSeverity.Error : ProblemSeverity.Warning);
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

    // The text in the place of the prompt: of the last message, where it is a conversation.
    private static TrainingExample Shown(TrainingExample example, string text) => example.Messages is not { } chat ? example with { Prompt = text }
        : example with { Messages = [.. chat.Take(chat.Count - 1), chat[^1] with { Content = text }] };

    private void CheckContext(ModelFacts model, int longest, string what, ProblemSeverity severity = ProblemSeverity.Error)
    {
        int needed = longest + recipe.Rollout.MaxNewTokens;
        if (needed <= model.Config.ContextLimit) return;
        int left = model.Config.ContextLimit - longest;
        _problems.Add(reading.ProblemAt(ErrorCodes.ContextTooShort, severity, "rollout.maxNewTokens",
            $"The longest {what} {(severity == ProblemSeverity.Error ? "has" : "may have")} {longest:N0} tokens and up to {recipe.Rollout.MaxNewTokens:N0} may follow, {needed:N0} together; the context of {model.Setting} ends at {model.Config.ContextLimit:N0}. "
            + (left > 0 ? $"Lower rollout.maxNewTokens to {left:N0}, or shorten the prompts." : "Shorten the prompts, or choose a model with a longer context."),
            left > 0 ? Cure.Set("rollout.maxNewTokens", left.ToString(System.Globalization.CultureInfo.InvariantCulture)) : null));
    }

    private static string Excerpt(string text, int at)
    {
        int from = Math.Max(at - 12, 0), to = Math.Min(at + 28, text.Length);
        return $"\"{(from > 0 ? "…" : "")}{text[from..to].Replace("\n", "\\n", StringComparison.Ordinal)}{(to < text.Length ? "…" : "")}\"";
    }
}
