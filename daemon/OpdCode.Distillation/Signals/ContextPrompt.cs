using OpdCode.Models;
using OpdCode.Models.Templates;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Signals;

/// <summary>Makes token ids of a prompt whose text was replaced.</summary>
internal static class ContextPrompt
{
    /// <summary>The ids of <paramref name="text"/> in the place of the example's prompt: of its last message, where it is a conversation.</summary>
    public static int[] Encode(LanguageModel model, PromptFormat format, TrainingExample example, string text)
    {
        if (format == PromptFormat.Plain) return model.EncodePlain(text);
        if (example.Messages is not { } chat) return model.EncodeChat([new ChatMessage("user", text)]);
        ChatMessage[] messages = [.. chat.Take(chat.Count - 1).Select(m => new ChatMessage(m.Role, m.Content)), new ChatMessage(chat[^1].Role, text)];
        return model.EncodeChat(messages);
    }
}
