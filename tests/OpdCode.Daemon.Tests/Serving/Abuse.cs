using System.Text;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary>Makes bytes that no client should send: broken frames, broken JSON, and JSON that is no call.</summary>
internal sealed class Abuse(int seed)
{
    private readonly Random _random = new(seed);

    public byte[] Next() => _random.Next(19) switch
    {
        0 => Noise(_random.Next(1, 400)),
        1 => Header("1073741824"), // a gigabyte is announced and never comes
        2 => Header(_random.NextInt64(5L << 20, long.MaxValue).ToString(System.Globalization.CultureInfo.InvariantCulture)),
        3 => [.. Header("-1"), .. "{}"u8],
        4 => [.. Header("1e3"), .. "{}"u8],
        5 => [.. Header(Frame().Length.ToString(System.Globalization.CultureInfo.InvariantCulture)), .. Frame().AsSpan(0, 10)],
        6 => [.. Header(_random.Next(0, 60).ToString(System.Globalization.CultureInfo.InvariantCulture)), .. Encoding.UTF8.GetBytes(Call("recipes/methods", "{}"))],
        7 => "Content-Length: 20\r\nContent-Type: x; charset=utf-16\r\n\r\n{}"u8.ToArray(),
        8 => Message(new string('[', _random.Next(1, 100_000))),
        9 => Message(Call("recipes/edit", string.Concat(Enumerable.Repeat("{\"text\":", 500)) + "1" + new string('}', 500))),
        10 => Message(Call("recipes/edit", "{\"text\":\"{}\",\"setting\":\"steps\",\"value\":\"1e999999\"}")),
        11 => Message($"{{\"jsonrpc\":\"2.0\",\"id\":{Id()},\"method\":\"rollouts/list\",\"params\":{{\"runId\":\"x\",\"limit\":123456789012345678901234567890}}}}"),
        12 => Message($"{{\"jsonrpc\":\"2.0\",\"id\":{Id()},\"method\":\"no/such\\u0000call\",\"params\":{{}}}}"),
        13 => Message("{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\",\"method\":\"recipes/methods\"}"),
        14 => Message("[" + Call("recipes/methods", "{}") + "]"),
        17 => Message(Call("recipes/edit", $"{{\"text\":\"{{}}\",\"x\":[{string.Join(',', Enumerable.Repeat("1", _random.Next(20_000)))}]}}")),
        15 => Message("{\"jsonrpc\":\"2.0\",\"id\":999999,\"result\":{}}"),
        16 => [.. Header("12"), .. Noise(12)],
        _ => Message(Call("$/cancelRequest", $"{{\"id\":{Id()}}}").Replace("\"id\":\"abuse\",", "", StringComparison.Ordinal)),
    };

    private string Id() => _random.Next(6) switch
    {
        0 => "null",
        1 => "1e400",
        2 => "3.25",
        3 => "{\"a\":1}",
        4 => "true",
        _ => "\"abuse\"",
    };

    private static string Call(string method, string parameters) => $"{{\"jsonrpc\":\"2.0\",\"id\":\"abuse\",\"method\":\"{method}\",\"params\":{parameters}}}";

    private static byte[] Frame() => RpcTestClient.Frame(Call("recipes/methods", "{}"));

    private static byte[] Message(string text) => RpcTestClient.Frame(text);

    private static byte[] Header(string length) => Encoding.ASCII.GetBytes($"Content-Length: {length}\r\n\r\n");

    private byte[] Noise(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
