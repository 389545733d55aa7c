namespace OpdCode.Protocol;

/// <summary>The version of the wire. Another major number cannot be spoken with; another minor number only adds.</summary>
public static class ProtocolVersion
{
    /// <summary>What this daemon speaks, <c>major.minor</c>.</summary>
    public const string Current = "1.0";
}
