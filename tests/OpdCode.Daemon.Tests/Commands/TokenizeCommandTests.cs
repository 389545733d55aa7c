using System.Text;
using System.Text.Json;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

/// <summary>A process of its own: what is tested is how bytes travel through its pipes.</summary>
public sealed class TokenizeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public TokenizeCommandTests() => _model = Write(_folder.File("modèle 😀"), 1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_token_has_its_place_in_the_bytes_of_stdin()
    {
        const string text = "héllo 😀\r\nwörld<|end|>\n";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        (int code, byte[] output, string error) = await Tokenize(bytes);
        Assert.True(code == 0, error);
        Assert.Equal("", error);
        JsonElement[] tokens = [.. CommandLine.OneObject(new UTF8Encoding(false, true).GetString(output)).GetProperty("tokens").EnumerateArray()];
        int end = 0;
        foreach (JsonElement token in tokens)
        {
            (int start, int id) = (token.GetProperty("byteStart").GetInt32(), token.GetProperty("id").GetInt32());
            Assert.Equal(end, start);
            end = token.GetProperty("byteEnd").GetInt32();
            if (id < 256) Assert.Equal([(byte)id], bytes[start..end]);
            else Assert.Equal("<|end|>", Encoding.UTF8.GetString(bytes[start..end]));
        }
        Assert.Equal(bytes.Length, end);
        JsonElement[] emoji = tokens[7..11];
        Assert.Equal([0xF0, 0x9F, 0x98, 0x80], emoji.Select(t => t.GetProperty("id").GetInt32()));
        Assert.All(emoji, t => Assert.Equal((6, 8), (t.GetProperty("charStart").GetInt32(), t.GetProperty("charEnd").GetInt32())));
        Assert.Equal([13, 10], tokens[11..13].Select(t => t.GetProperty("id").GetInt32()));
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused()
    {
        (int code, byte[] output, string error) = await Tokenize([0x61, 0x62, 0xFF, 0x63]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.StartsWith("OPD1011 The text on stdin is not UTF-8: byte 2 ", error, StringComparison.Ordinal);
    }

    private Task<(int Code, byte[] Output, string Error)> Tokenize(byte[] stdin) => OpdCodeProcess.Run(stdin, "tokenize", "--model", _model, "--json");
}
