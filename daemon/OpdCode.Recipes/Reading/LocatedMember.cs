namespace OpdCode.Recipes.Reading;

/// <summary>A key with its value and the place of the key (quotes included).</summary>
internal sealed record LocatedMember(string Key, LocatedValue Value, int KeyStart, int KeyEnd);
