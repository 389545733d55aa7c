using System.Text.Json;
using OpdCode.Recipes.Methods;

namespace OpdCode.Recipes.Reading;

/// <summary>Lays a method's settings under what the recipe writes.</summary>
internal static class PresetMerge
{
    /// <summary>Completes the tree by its method, if it names one that exists; the binder reports a name that does not.</summary>
    public static void Apply(LocatedValue root)
    {
        if (root.Find("method") is not { Kind: JsonValueKind.String } method || MethodPresets.Find(method.Text!) is not { } preset) return;
        LocatedValue settings = JsonTree.Parse(preset.Settings.ToJsonString()).Root!;
        Place(settings, method);
        Merge(root, settings);
    }

    private static void Merge(LocatedValue written, LocatedValue preset)
    {
        foreach (LocatedMember member in preset.Members)
        {
            LocatedValue? own = written.Find(member.Key);
            if (own is null) written.Members.Add(member);
            else if (own.Kind == JsonValueKind.Object && member.Value.Kind == JsonValueKind.Object && SameKind(own, member.Value)) Merge(own, member.Value);
        }
    }

    // A choice is made whole: with another kind, or none, nothing of the preset's choice belongs there.
    private static bool SameKind(LocatedValue written, LocatedValue preset) => preset.Find("kind")?.Text == written.Find("kind")?.Text;

    // Problems with a preset's value point at the method that brought it.
    private static void Place(LocatedValue value, LocatedValue at)
    {
        value.Origin = ValueOrigin.Preset;
        (value.Start, value.End) = (at.Start, at.End);
        for (int i = 0; i < value.Members.Count; i++) value.Members[i] = value.Members[i] with { KeyStart = at.Start, KeyEnd = at.End };
        foreach (LocatedMember member in value.Members) Place(member.Value, at);
        foreach (LocatedValue item in value.Items) Place(item, at);
    }
}
