namespace OpdCode.Recipes.Data;

/// <summary>A place in an endless shuffled stream: enough to go on exactly there.</summary>
/// <param name="Epoch">Full passes done.</param>
/// <param name="Window">Windows done in this pass.</param>
/// <param name="Index">Examples given out of this window.</param>
public readonly record struct ShuffleCursor(long Epoch, int Window, int Index);
