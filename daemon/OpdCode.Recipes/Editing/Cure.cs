namespace OpdCode.Recipes.Editing;

/// <summary>Changes of settings that make a problem go away: what a fix of it does to the recipe's text.</summary>
/// <param name="Title">What a button says.</param>
/// <param name="Changes">Applied one after another.</param>
public sealed record Cure(string Title, params IReadOnlyList<SettingChange> Changes)
{
    /// <summary>Sets one setting, wherever it is missing or has another value.</summary>
    /// <param name="setting">For example <c>rollout.topP</c>.</param>
    /// <param name="value">The value as JSON text.</param>
    public static Cure Set(string setting, string value) => new($"Set {setting} to {value}", new SettingChange(setting, value));

    /// <summary>Adds a setting that is missing, whose value is too long for a button.</summary>
    /// <param name="setting">For example <c>rewards</c>.</param>
    /// <param name="value">The value as JSON text.</param>
    public static Cure Add(string setting, string value) => new($"Add {setting}", new SettingChange(setting, value));

    /// <summary>Takes a setting out.</summary>
    /// <param name="setting">For example <c>student.lora</c>.</param>
    public static Cure Remove(string setting) => new($"Remove {setting}", new SettingChange(setting, null));
}
