using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Contexts;

/// <summary>A text with {names}: parsed once, filled for every example. {{ and }} stand for braces.</summary>
public sealed class ContextTemplate
{
    private readonly List<(string Text, bool IsName)> _parts = [];

    private ContextTemplate()
    {
    }

    /// <summary>The names in the order of the text.</summary>
    public IEnumerable<string> Names => _parts.Where(p => p.IsName).Select(p => p.Text);

    /// <summary>Parses a text.</summary>
    /// <param name="text">The template.</param>
    /// <param name="setting">Where it stands in the recipe or harness, for messages.</param>
    /// <exception cref="OpdException">OPD1321 for a brace that is not closed, a stray one, or an empty name.</exception>
    public static ContextTemplate Parse(string text, string setting)
    {
        ArgumentNullException.ThrowIfNull(text);
        ContextTemplate template = new();
        StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is '{' or '}' && i + 1 < text.Length && text[i + 1] == c)
            {
                plain.Append(c);
                i++;
                continue;
            }
            if (c == '}') throw Invalid(setting, $"a \"}}\" at place {i + 1} closes nothing; write \"}}}}\" for the character");
            if (c != '{')
            {
                plain.Append(c);
                continue;
            }
            int end = text.IndexOf('}', i);
            if (end < 0) throw Invalid(setting, $"the \"{{\" at place {i + 1} is not closed; write \"{{{{\" for the character");
            string name = text[(i + 1)..end].Trim();
            if (name.Length == 0) throw Invalid(setting, $"the braces at place {i + 1} hold no name");
            if (plain.Length > 0) template._parts.Add((plain.ToString(), false));
            plain.Clear();
            template._parts.Add((name, true));
            i = end;
        }
        if (plain.Length > 0) template._parts.Add((plain.ToString(), false));
        return template;
    }

    /// <summary>The text with every name replaced by its value.</summary>
    /// <param name="value">Gives the value of a name.</param>
    public string Fill(Func<string, string> value) => string.Concat(_parts.Select(p => p.IsName ? value(p.Text) : p.Text));

    private static OpdException Invalid(string setting, string what) => new(ErrorCodes.ContextInvalid, $"{setting}: {what}.");
}
