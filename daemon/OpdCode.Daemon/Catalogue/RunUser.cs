namespace OpdCode.Daemon.Catalogue;

/// <summary><c>user.json</c> of a run folder: what people attached. It lies there, so that no rebuilding loses it.</summary>
internal sealed record RunUser
{
    /// <summary>Version of the file's format. Always 1 today.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The name to show; null: the recipe's.</summary>
    public string? Name { get; init; }

    /// <summary>Marked.</summary>
    public bool Starred { get; init; }

    /// <summary>Put away.</summary>
    public bool Archived { get; init; }

    /// <summary>A note; null without one.</summary>
    public string? Note { get; init; }
}
