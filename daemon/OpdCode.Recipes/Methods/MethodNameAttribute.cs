namespace OpdCode.Recipes.Methods;

/// <summary>Marks a text that names one of <see cref="MethodPresets.All"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MethodNameAttribute : Attribute;
