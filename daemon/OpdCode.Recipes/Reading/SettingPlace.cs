using System.Text.Json;

namespace OpdCode.Recipes.Reading;

/// <summary>Where a setting stands in the text, or what stands nearest around it.</summary>
/// <param name="Value">The value; null when it is not written.</param>
/// <param name="Start">Offset of the first character to show.</param>
/// <param name="End">Offset after the last character to show.</param>
internal readonly record struct SettingPlace(LocatedValue? Value, int Start, int End)
{
    /// <summary>Finds a path such as <c>student.lora.r</c> or <c>stabilizers[0].gamma</c>.</summary>
    public static SettingPlace Find(LocatedValue root, string path)
    {
        LocatedValue at = root;
        (int start, int end) = (root.Start, root.Start + 1);
        foreach (string step in path.Split('.'))
        {
            int bracket = step.IndexOf('[', StringComparison.Ordinal);
            LocatedMember? member = at.Members.FindLast(m => m.Key == (bracket < 0 ? step : step[..bracket]));
            if (member is null) return new SettingPlace(null, start, end);
            at = member.Value;
            // An object is shown by its key: a squiggle under thirty lines tells nobody anything.
            (start, end) = at.Kind is JsonValueKind.Object or JsonValueKind.Array ? (member.KeyStart, member.KeyEnd) : (at.Start, at.End);
            if (bracket < 0 || !int.TryParse(step.AsSpan(bracket + 1, step.Length - bracket - 2), out int index) || index >= at.Items.Count) continue;
            at = at.Items[index];
            // An item with a kind is shown by its kind.
            LocatedValue shown = at.Find("kind") ?? at;
            (start, end) = (shown.Start, shown.End);
        }
        return new SettingPlace(at, start, end);
    }
}
