namespace OpdCode.Recipes.Stabilizers;

/// <summary>A number of a stabilizer.</summary>
/// <param name="Path">For example <c>stabilizers[0].gamma</c>.</param>
/// <param name="Title">What it is, a sentence.</param>
/// <param name="Value">As it is.</param>
/// <param name="Minimum">Least sensible value.</param>
/// <param name="Maximum">Greatest sensible value.</param>
public sealed record MovableSetting(string Path, string Title, double Value, double Minimum, double Maximum);
