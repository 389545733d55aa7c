namespace OpdCode.Recipes.Reading;

/// <summary>Where a value of a recipe came from.</summary>
internal enum ValueOrigin
{
    /// <summary>The recipe's own text.</summary>
    Written,

    /// <summary>The command line (<c>--set</c>).</summary>
    Set,

    /// <summary>The method's preset.</summary>
    Preset,

    /// <summary>The default of the setting.</summary>
    Default,
}
