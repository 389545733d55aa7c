namespace OpdCode.Protocol.Tests.TypeScript;

/// <summary>To write the file anew after changing the protocol: set OPDCODE_UPDATE=1 and run these tests.</summary>
public sealed class TypeScriptProtocolTests
{
    private static readonly string s_file = Path.Combine(Repository.Root, "extension", "src", "daemon", "protocol.ts");

    [Fact]
    public void The_committed_TypeScript_is_what_the_protocol_says()
    {
        string text = TypeScriptProtocol.Generate();
        if (Repository.Update)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(s_file)!);
            File.WriteAllText(s_file, text);
        }
        Assert.Equal(text, File.ReadAllText(s_file).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_type_and_member_of_the_wire_is_documented() => Assert.DoesNotContain("/**  */", TypeScriptProtocol.Generate(), StringComparison.Ordinal);
}
