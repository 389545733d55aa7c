namespace OpdCode.Recipes;

/// <summary>What a path of a recipe must lead to.</summary>
public enum RecipePathKind
{
    /// <summary>A model folder as Hugging Face writes it.</summary>
    ModelFolder,

    /// <summary>A file of examples.</summary>
    DataFile,
}
