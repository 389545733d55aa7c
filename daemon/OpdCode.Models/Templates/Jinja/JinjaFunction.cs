namespace OpdCode.Models.Templates.Jinja;

/// <summary>A value that can be called: a built-in function, a method, a macro.</summary>
internal delegate object? JinjaFunction(JinjaArguments arguments);
