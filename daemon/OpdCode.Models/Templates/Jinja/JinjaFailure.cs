using OpdCode.Protocol;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>The one way in which templates fail.</summary>
internal static class JinjaFailure
{
    public static OpdException At(int line, string what) =>
        new(ErrorCodes.ChatTemplateInvalid, $"chat template, line {line}: {what}");
}
