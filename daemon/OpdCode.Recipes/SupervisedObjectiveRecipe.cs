namespace OpdCode.Recipes;

/// <summary>Next-token loss −log p_student on given answers: makes teachers and warm starts.</summary>
public sealed record SupervisedObjectiveRecipe : ObjectiveRecipe;
