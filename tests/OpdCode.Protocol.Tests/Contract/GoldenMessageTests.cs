using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpdCode.Protocol.Tests.Contract;

/// <summary>
/// The golden messages in tests/contract: written by C#, read back by C#, and checked against the generated TypeScript
/// (golden.ts, see tests/OpdCode.Daemon.Tests/Serving/ContractTests.cs). OPDCODE_UPDATE=1 writes them anew.
/// </summary>
public sealed class GoldenMessageTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "tests", "contract");
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void The_committed_messages_are_what_the_records_say()
    {
        var expected = SampleMessage.All().ToDictionary(m => FileName(m.Name), m => Text(m.Parameters, m.Result));
        if (Repository.Update)
        {
            foreach (string old in Directory.EnumerateFiles(s_folder, "*.golden.json")) File.Delete(old);
            foreach ((string name, string text) in expected) File.WriteAllText(Path.Combine(s_folder, name), text);
            File.WriteAllText(Path.Combine(s_folder, "golden.ts"), TypeScript());
        }
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), Directory.EnumerateFiles(s_folder, "*.golden.json").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        foreach ((string name, string text) in expected) Assert.Equal(text, File.ReadAllText(Path.Combine(s_folder, name)).ReplaceLineEndings("\n"));
        Assert.Equal(TypeScript(), File.ReadAllText(Path.Combine(s_folder, "golden.ts")).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_message_reads_back_as_it_was()
    {
        foreach ((string name, Type parameters, Type? result) in SampleMessage.All())
        {
            foreach (Type type in new[] { parameters, result }.OfType<Type>())
            {
                string json = JsonSerializer.Serialize(SampleMessage.Of(type), type, ProtocolJson.Options);
                object back = JsonSerializer.Deserialize(json, type, ProtocolJson.Options)!;
                Assert.True(json == JsonSerializer.Serialize(back, type, ProtocolJson.Options), $"{name}: {type.Name}");
            }
        }
    }

    private static string FileName(string name) => name.Replace("$/", "", StringComparison.Ordinal).Replace('/', '.') + ".golden.json";

    private static JsonNode Node(Type type) => JsonSerializer.SerializeToNode(SampleMessage.Of(type), type, ProtocolJson.Options)!;

    private static string Text(Type parameters, Type? result)
    {
        var message = new JsonObject { ["params"] = Node(parameters) };
        if (result is not null) message["result"] = Node(result);
        return message.ToJsonString(s_indented).ReplaceLineEndings("\n") + "\n";
    }

    // The same as typed constants: a member that TypeScript does not know, lacks or types otherwise does not compile.
    private static string TypeScript()
    {
        var text = new StringBuilder("// Generated with the golden messages; do not edit. See GoldenMessageTests.cs.\n");
        text.Append("import type { DaemonNotifications, DaemonRequests } from \"../../extension/src/daemon/protocol\";\n\n");
        Constants("requests", "DaemonRequests", m => m.Result is not null, m => $"{{ params: {Inline(m.Parameters)}, result: {Inline(m.Result!)} }}");
        text.Append('\n');
        Constants("notifications", "DaemonNotifications", m => m.Result is null, m => Inline(m.Parameters));
        return text.ToString();

        void Constants(string name, string type, Func<(string Name, Type Parameters, Type? Result), bool> which, Func<(string Name, Type Parameters, Type? Result), string> value)
        {
            text.Append($"export const {name}: {type} = {{\n");
            foreach ((string Name, Type Parameters, Type? Result) message in SampleMessage.All().Where(which)) text.Append($"  \"{message.Name}\": {value(message)},\n");
            text.Append("};\n");
        }
    }

    private static string Inline(Type type) => Node(type).ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
