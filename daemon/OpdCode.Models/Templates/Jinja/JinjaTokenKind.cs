namespace OpdCode.Models.Templates.Jinja;

/// <summary>The kinds of token of a template.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text outside of tags, white space already trimmed.</summary>
    Data,

    /// <summary>{{</summary>
    PrintStart,

    /// <summary>}}</summary>
    PrintEnd,

    /// <summary>{%</summary>
    BlockStart,

    /// <summary>%}</summary>
    BlockEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A quoted text.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a point or exponent.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}
