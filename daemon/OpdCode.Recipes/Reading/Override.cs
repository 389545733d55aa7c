using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Reading;

/// <summary>Writes <c>path=value</c> of the command line into a recipe's tree, as if it stood there.</summary>
internal static class Override
{
    /// <summary>Applies one override; reports what cannot be applied. Unknown names are found by the binder, as in the file.</summary>
    public static void Apply(LocatedValue root, string text, ProblemList problems)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        string path = (equals < 0 ? text : text[..equals]).Trim();
        if (equals < 0 || Split(path) is not { } steps)
        {
            Report(problems, root, path, $"--set {text} is not of the form path=value, for example optimizer.learningRate=1e-4.");
            return;
        }
        LocatedValue at = root;
        for (int i = 0; i < steps.Count - 1; i++)
        {
            if (Child(at, steps[i]) is { Kind: JsonValueKind.Object or JsonValueKind.Array } child)
            {
                at = child;
            }
            else if (at.Kind == JsonValueKind.Object && Child(at, steps[i]) is null or { Kind: JsonValueKind.Null })
            {
                LocatedValue made = Place(new LocatedValue { Kind = JsonValueKind.Object }, at);
                Put(at, steps[i], made);
                at = made;
            }
            else
            {
                Report(problems, at, path, $"--set {path}: there is no {steps[i]} to set something in. {Inside(at, steps[i])}");
                return;
            }
        }
        LocatedValue value = Place(Value(text[(equals + 1)..].Trim()), Child(at, steps[^1]) ?? at);
        if (!Put(at, steps[^1], value)) Report(problems, at, path, $"--set {path}: {Inside(at, steps[^1])}");
    }

    private static string Inside(LocatedValue at, string step) => at.Kind switch
    {
        JsonValueKind.Array => $"The list has {at.Items.Count} items, counted from 0; {step} is not one of them.",
        _ => $"{step} is {at.Find(step)?.Describe() ?? at.Describe()}, not an object.",
    };

    private static void Report(ProblemList problems, LocatedValue at, string path, string message) =>
        problems.Add(ErrorCodes.OverrideInvalid, ProblemSeverity.Error, path, at.Start, at.Start + 1, message);

    // stabilizers[0].gamma and stabilizers.0.gamma are the same path.
    private static List<string>? Split(string path)
    {
        List<string> steps = [.. path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.').Select(s => s.Trim())];
        return steps.TrueForAll(s => s.Length > 0) ? steps : null;
    }

    private static LocatedValue? Child(LocatedValue at, string step) => at.Kind switch
    {
        JsonValueKind.Object => at.Find(step),
        JsonValueKind.Array => int.TryParse(step, out int index) && index >= 0 && index < at.Items.Count ? at.Items[index] : null,
        _ => null,
    };

    private static bool Put(LocatedValue at, string step, LocatedValue value)
    {
        if (at.Kind == JsonValueKind.Object)
        {
            at.Members.RemoveAll(m => m.Key == step);
            at.Members.Add(new LocatedMember(step, value, value.Start, value.End));
            return true;
        }
        if (at.Kind != JsonValueKind.Array || !int.TryParse(step, out int index) || index < 0 || index > at.Items.Count) return false;
        if (index == at.Items.Count) at.Items.Add(value);
        else at.Items[index] = value;
        return true;
    }

    // JSON where it parses as JSON, a bare text otherwise: --set device=cpu needs no quotes.
    private static LocatedValue Value(string text)
    {
        JsonTree tree = JsonTree.Parse(text);
        return tree is { Error: null, Root: { } root } ? root : new LocatedValue { Kind = JsonValueKind.String, Text = text };
    }

    // What the command line says has no place in the file: problems point at what it replaces or stands in.
    private static LocatedValue Place(LocatedValue value, LocatedValue at)
    {
        value.Origin = ValueOrigin.Set;
        value.Start = at.Start;
        value.End = at.Kind == JsonValueKind.Object ? at.Start + 1 : at.End;
        for (int i = 0; i < value.Members.Count; i++)
            value.Members[i] = value.Members[i] with { Value = Place(value.Members[i].Value, value), KeyStart = value.Start, KeyEnd = value.End };
        foreach (LocatedValue item in value.Items) Place(item, value);
        return value;
    }
}
