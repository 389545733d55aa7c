namespace OpdCode.Recipes;

/// <summary>One item of the list that keeps training stable; kinds arrive with the methods that need them.</summary>
public abstract record StabilizerRecipe;
