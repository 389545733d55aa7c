using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes.Editing;

/// <summary>Changes one setting in a recipe's text and leaves every other character as it is: comments, order, indentation, line ends.</summary>
public static class RecipeEditor
{
    /// <summary>Sets a setting. Objects on the way that are not written yet are added.</summary>
    /// <param name="text">The recipe.</param>
    /// <param name="setting">For example <c>stabilizers[0].gamma</c>; an index one past the end adds an item.</param>
    /// <param name="value">The value as JSON text; it is put in as it is written.</param>
    /// <returns>The recipe with the value.</returns>
    /// <exception cref="OpdException">OPD1001: the recipe or the value is not JSON. OPD1009: the setting cannot be there.</exception>
    public static string Set(string text, string setting, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (JsonTree.Parse(value) is { Error: { } error }) throw new OpdException(ErrorCodes.RecipeInvalid, $"{setting}: the value {LocatedValue.Quote(value)} is not JSON: {error}");
        TextEdits edits = Open(text, out LocatedValue root);
        string[] steps = Split(setting);
        LocatedValue at = root;
        for (int i = 0; i < steps.Length; i++)
        {
            if (Child(at, steps[i]) is { } child && (i == steps.Length - 1 || child.Kind is JsonValueKind.Object or JsonValueKind.Array))
            {
                if (i == steps.Length - 1) edits.Replace(child.Start, child.End, value);
                at = child;
                continue;
            }
            string added = value;
            // What is missing on the way is written on one line: { "lora": { "r": 16 } }.
            for (int inner = steps.Length - 1; inner > i; inner--) added = $"{{ {Key(Name(steps, inner, setting))}: {added} }}";
            LocatedValue? there = Child(at, steps[i]);
            if (there is { Kind: not JsonValueKind.Null }) throw Impossible(setting, there, steps[i + 1]);
            if (there is not null) edits.Replace(there.Start, there.End, added);
            else if (at.Kind == JsonValueKind.Object) edits.AddTo(at, $"{Key(Name(steps, i, setting))}: {added}");
            else if (at.Kind == JsonValueKind.Array && Index(steps[i]) == at.Items.Count) edits.AddTo(at, added);
            else throw Impossible(setting, at, steps[i]);
            break;
        }
        return edits.Apply();
    }

    /// <summary>Removes a setting with its comma, and with its line where nothing else is on it; what is not there needs no removing.</summary>
    /// <param name="text">The recipe.</param>
    /// <param name="setting">For example <c>stabilizers[0]</c>.</param>
    /// <exception cref="OpdException">OPD1001: the recipe is not JSON.</exception>
    public static string Remove(string text, string setting)
    {
        TextEdits edits = Open(text, out LocatedValue root);
        string[] steps = Split(setting);
        LocatedValue at = root;
        foreach (string step in steps[..^1])
        {
            if (Child(at, step) is not { } child) return text;
            at = child;
        }
        if (Child(at, steps[^1]) is { } found) edits.RemoveFrom(at, found);
        return edits.Apply();
    }

    private static TextEdits Open(string text, out LocatedValue root)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A byte order mark is no character of the recipe; it stays where it is.
        int start = text.StartsWith('\uFEFF') ? 1 : 0;
        JsonTree tree = JsonTree.Parse(text[start..]);
        if (tree.Error is { } error) throw new OpdException(ErrorCodes.RecipeInvalid, $"The recipe cannot be changed while it is not readable: {error}");
        if (tree.Root is not { Kind: JsonValueKind.Object } found) throw new OpdException(ErrorCodes.RecipeInvalid, "The recipe is not an object.");
        root = found;
        return new TextEdits(text, start);
    }

    private static string[] Split(string setting)
    {
        string[] steps = setting.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.');
        return Array.TrueForAll(steps, s => s.Length > 0) ? steps
            : throw new OpdException(ErrorCodes.OverrideInvalid, $"\"{setting}\" is not a setting; one is, for example, optimizer.learningRate or stabilizers[0].gamma.");
    }

    private static LocatedValue? Child(LocatedValue at, string step) => at.Kind switch
    {
        JsonValueKind.Object => at.Find(step),
        JsonValueKind.Array when Index(step) is int index && index < at.Items.Count => at.Items[index],
        _ => null,
    };

    private static int? Index(string step) => int.TryParse(step, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int index) ? index : null;

    private static string Name(string[] steps, int i, string setting) => Index(steps[i]) is null ? steps[i]
        : throw new OpdException(ErrorCodes.OverrideInvalid, $"{setting}: there is no list for item {steps[i]} yet. Set the whole list first.");

    private static string Key(string name) => $"\"{JsonEncodedText.Encode(name)}\"";

    private static OpdException Impossible(string setting, LocatedValue at, string step) => new(ErrorCodes.OverrideInvalid, at.Kind == JsonValueKind.Array
        ? $"{setting}: the list has {at.Items.Count} items, counted from 0; {step} is not one of them."
        : $"{setting}: there is {at.Describe()}, and {step} cannot be set in it.");
}
