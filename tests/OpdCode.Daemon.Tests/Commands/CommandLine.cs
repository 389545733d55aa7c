using System.CommandLine;
using System.Text.Json;
using OpdCode.Daemon.Commands;

namespace OpdCode.Daemon.Tests.Commands;

/// <summary>The real command line, in process, with its two streams caught.</summary>
internal static class CommandLine
{
    public static async Task<Outcome> Invoke(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await OpdCodeCommand.Invoke(args, new InvocationConfiguration { Output = output, Error = error });
        return new Outcome(code, output.ToString(), error.ToString());
    }

    /// <summary>The one JSON object of a command that must succeed.</summary>
    public static async Task<JsonElement> Json(params string[] args)
    {
        Outcome outcome = await Invoke([.. args, "--json"]);
        Assert.True(outcome.Code == 0, outcome.Error);
        return OneObject(outcome.Output);
    }

    /// <summary>Fails unless the text is one line with one JSON object.</summary>
    public static JsonElement OneObject(string text)
    {
        Assert.Single(text.TrimEnd().Split('\n'));
        using JsonDocument document = JsonDocument.Parse(text);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        return document.RootElement.Clone();
    }

    public static int[] Ints(this JsonElement array) => array.EnumerateArray().Select(x => x.GetInt32()).ToArray();

    public static double[] Doubles(this JsonElement array) => array.EnumerateArray().Select(x => x.GetDouble()).ToArray();

    /// <summary>How a command ended.</summary>
    internal sealed record Outcome(int Code, string Output, string Error);
}
