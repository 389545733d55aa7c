using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OpdCode.Recipes.Methods;

namespace OpdCode.Recipes.Shapes;

/// <summary>One setting of a recipe record.</summary>
internal sealed class SettingShape
{
    public SettingShape(PropertyInfo property, object emptyOwner, NullabilityInfoContext nullability)
    {
        Property = property;
        Name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
        Type? underlying = Nullable.GetUnderlyingType(property.PropertyType);
        Type = underlying ?? property.PropertyType;
        IsNullable = underlying is not null || nullability.Create(property).WriteState == NullabilityState.Nullable;
        IsRequired = property.IsDefined(typeof(RequiredMemberAttribute));
        Default = IsRequired ? null : property.GetValue(emptyOwner);
        Bounds = property.GetCustomAttribute<RangeAttribute>() is { } range ? Bounds.Of(range) : null;
        MinLength = property.GetCustomAttribute<MinLengthAttribute>()?.Length ?? 0;
        Pattern = property.GetCustomAttribute<RegularExpressionAttribute>();
        Unit = property.GetCustomAttribute<UnitAttribute>()?.Unit;
        Path = property.GetCustomAttribute<RecipePathAttribute>()?.Kind;
        ChoiceAttribute[] choices = [.. property.GetCustomAttributes<ChoiceAttribute>()];
        if (choices.Length > 0)
            (Choices, ChoiceDescriptions) = ([.. choices.Select(c => c.Value)], [.. choices.Select(c => c.Description)]);
        else if (property.IsDefined(typeof(MethodNameAttribute)))
            (Choices, ChoiceDescriptions) = ([.. MethodPresets.All.Select(m => m.Name)], [.. MethodPresets.All.Select(m => m.Summary)]);
        else if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
            Choices = [.. allowed.Values.OfType<string>()];
        else if (EnumType is { } named)
            Choices = [.. EnumShape.Of(named).Names];
    }

    // Only for Anything: no property stands behind it, and nobody asks.
    private SettingShape()
    {
        Property = typeof(Recipe).GetProperty(nameof(Recipe.Name))!;
        Name = "";
        Type = typeof(object);
    }

    /// <summary>A setting without bounds, choices or form: what the values of a map are read as.</summary>
    public static SettingShape Anything { get; } = new();

    public PropertyInfo Property { get; }

    /// <summary>The key in the file.</summary>
    public string Name { get; }

    /// <summary>The type without Nullable around it.</summary>
    public Type Type { get; }

    public bool IsNullable { get; }

    public bool IsRequired { get; }

    public object? Default { get; }

    /// <summary>Bounds of a number; null where any number will do.</summary>
    public Bounds? Bounds { get; }

    /// <summary>Fewest items or characters.</summary>
    public int MinLength { get; }

    /// <summary>The form a text must have; its error message says so in words.</summary>
    public RegularExpressionAttribute? Pattern { get; }

    /// <summary>The only texts allowed; null where any text will do.</summary>
    public IReadOnlyList<string>? Choices { get; }

    /// <summary>What each of <see cref="Choices"/> means; empty where that is not said.</summary>
    public IReadOnlyList<string> ChoiceDescriptions { get; } = [];

    /// <summary>The unit in words; null where there is none.</summary>
    public string? Unit { get; }

    /// <summary>What the text must lead to when it is a path; otherwise null.</summary>
    public RecipePathKind? Path { get; }

    /// <summary>The enum of the value, or of the items of a list; null for everything else.</summary>
    public Type? EnumType => Type.IsEnum ? Type : ItemType is { IsEnum: true } item ? item : null;

    /// <summary>The type of the items when this is a list; otherwise null.</summary>
    public Type? ItemType => Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? Type.GetGenericArguments()[0] : null;

    /// <summary>The type of the values when this is a map from names; otherwise null.</summary>
    public Type? MapValueType => Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) ? Type.GetGenericArguments()[1] : null;
}
