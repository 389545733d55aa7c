using System.CommandLine;
using System.Text;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using Spectre.Console;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode tokenize</c>: text on stdin → ids and where each token lies in the text.</summary>
public static class TokenizeCommand
{
    /// <summary>The command with its options and its action.</summary>
    public static Command Create()
    {
        Option<string> model = ModelOptions.Model("--model", "A folder with tokenizer.json.");
        Option<bool> noSpecial = new("--no-special-tokens") { Description = "Leave out the special tokens that the tokenizer adds around a text." };
        Option<bool> json = CommandEdge.JsonOption();
        Command command = new("tokenize", "Turn the text on stdin (UTF-8) into token ids with their byte ranges.") { model, noSpecial, json };
        command.SetWork(json, (parsed, progress, _) =>
        {
            ModelTokenizer tokenizer = ModelTokenizer.Load(Path.GetFullPath(parsed.GetRequiredValue(model)));
            if (!Console.IsInputRedirected) progress.WriteLine($"Type a text; end it with {(OperatingSystem.IsWindows() ? "Ctrl+Z and Enter" : "Ctrl+D")}.");
            TokenizedText encoded = tokenizer.Encode(Text(), parsed.GetValue(noSpecial) ? SpecialTokens.None : SpecialTokens.Add);
            return new TokenizeResult(encoded.Ids, encoded.Ids.Select((id, i) => new TokenPlace(
                id, tokenizer.TokenText(id), encoded.Spans[i].ByteStart, encoded.Spans[i].ByteEnd, encoded.Spans[i].CharStart, encoded.Spans[i].CharEnd)).ToArray());
        }, (console, result) =>
        {
            Table table = new Table().Border(TableBorder.Simple).AddColumns("id", "token", "bytes");
            foreach (TokenPlace t in result.Tokens) table.AddRow($"{t.Id}", Markup.Escape($"\"{t.Text}\""), $"{t.ByteStart}–{t.ByteEnd}");
            console.Write(table);
        });
        return command;
    }

    // The bytes themselves, not Console.In: a Windows console would decode them by its code page, and byte ranges count these bytes.
    private static string Text()
    {
        using Stream input = Console.OpenStandardInput();
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException failure)
        {
            throw new OpdException(ErrorCodes.TextNotUtf8, $"The text on stdin is not UTF-8: byte {failure.Index} begins no character. Convert it to UTF-8 first.", failure);
        }
    }

    /// <summary>What <c>tokenize --json</c> prints.</summary>
    /// <param name="Ids">The token ids.</param>
    /// <param name="Tokens">The same with text and place.</param>
    public sealed record TokenizeResult(int[] Ids, IReadOnlyList<TokenPlace> Tokens);

    /// <summary>One token and its place in the text: [start, end) in UTF-8 bytes and in UTF-16 units.</summary>
    public sealed record TokenPlace(int Id, string Text, int ByteStart, int ByteEnd, int CharStart, int CharEnd);
}
