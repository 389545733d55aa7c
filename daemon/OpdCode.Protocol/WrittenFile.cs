namespace OpdCode.Protocol;

/// <summary>What was written.</summary>
/// <param name="Path">Absolute path of the file or folder.</param>
public sealed record WrittenFile(string Path);
