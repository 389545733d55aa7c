using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>A line of a data file with its prompt as the model sees it.</summary>
/// <param name="Example">The line.</param>
/// <param name="Ids">Token ids of the prompt, chat template rendered.</param>
public readonly record struct EncodedPrompt(TrainingExample Example, int[] Ids);
