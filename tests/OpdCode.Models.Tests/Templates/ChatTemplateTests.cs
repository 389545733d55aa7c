using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpdCode.Models.Templates;
using OpdCode.Models.Tests.Tokenization;
using OpdCode.Protocol;

namespace OpdCode.Models.Tests.Templates;

public sealed class ChatTemplateTests
{
    internal static string Folder { get; } = Path.Combine(TokenizerFixtures.Repository, "tests", "fixtures", "templates");

    [Theory]
    [InlineData("rendered.json")] // @huggingface/jinja
    [InlineData("rendered-jinja2.json")] // Jinja itself, as transformers sets it up
    public void Templates_render_as_the_judge_renders_them(string judge)
    {
        var differences = new List<string>();
        int count = 0;
        foreach (JsonNode? row in Read(judge)["rows"]!.AsArray())
        {
            if (!((string)row!["template"]!).EndsWith(".jinja", StringComparison.Ordinal))
                continue;
            count++;
            string source = File.ReadAllText(Path.Combine(Folder, (string)row["template"]!));
            differences.AddRange(Difference(ChatTemplate.Parse(source), row));
        }

        Assert.True(count >= 100);
        Assert.True(differences.Count == 0, $"{differences.Count} of {count} differ:\n{string.Join("\n\n", differences.Take(8))}");
    }

    [Fact]
    public void The_byte_tokenizer_folder_has_a_template()
    {
        ChatTemplate template = ChatTemplate.Load(TokenizerFixtures.Tokenizer("bytes"))!;
        Assert.Equal("<|user|>hi<|end|><|assistant|>", template.Render([new ChatMessage("user", "hi")], new ChatTemplateOptions { AddGenerationPrompt = true }));
    }

    [Fact]
    public void A_folder_without_a_template_gives_none()
    {
        Assert.Null(ChatTemplate.Load(TokenizerFixtures.Tokenizer("sentencepiece")));
    }

    [Fact]
    public void Of_a_named_list_the_default_is_taken_and_a_file_of_its_own_wins()
    {
        string folder = Directory.CreateTempSubdirectory("opdcode").FullName;
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"chat_template": [{"name": "rag", "template": "no"}, {"name": "default", "template": "yes"}]}""");
        Assert.Equal("yes", ChatTemplate.Load(folder)!.Source);
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "own");
        Assert.Equal("own", ChatTemplate.Load(folder)!.Source);
    }

    [Theory]
    [InlineData("a\n{% if x %}", "line 2")]
    [InlineData("{{ 'open }}", "line 1")]
    [InlineData("\n\n{{ messages[0].missing.deeper }}", "line 3")]
    [InlineData("{% include 'x' %}", "include")]
    [InlineData("{{ 1 | nonsense }}", "nonsense")]
    [InlineData("{{ messages.append(1) }}", "append")]
    [InlineData("{{ raise_exception('Only\nthis') }}", "Only\nthis")]
    [InlineData("{{ 1 // 0 }}", "zero")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "too large")]
    public void Mistakes_are_named_with_their_line(string source, string expected)
    {
        OpdException error = Assert.Throws<OpdException>(() => ChatTemplate.Parse(source).Render([new ChatMessage("user", "x")], new ChatTemplateOptions()));
        Assert.Equal(ErrorCodes.ChatTemplateInvalid, error.Code);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}x{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{{ 'x' * 99999999999 }}{{ [1] * 99999999999 }}")]
    [InlineData("{{ 'x'.center(2000000000) }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for a in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{% set ns = namespace(s=[1], t=[1]) %}{% for a in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}")]
    [InlineData("{% for a in range(50000) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.replace('', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb').replace('b', 'ccccccccccccccccccccccccccccccccccccccccc') }}{% endfor %}")]
    public void A_hostile_template_ends(string source)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        OpdException error = Assert.Throws<OpdException>(() => ChatTemplate.Parse(source).Render([], new ChatTemplateOptions()));
        Assert.Equal(ErrorCodes.ChatTemplateInvalid, error.Code);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("ns.s | string")]
    [InlineData("ns.s | tojson")]
    [InlineData("ns.s == ns.t")]
    public void A_value_nested_very_deeply_is_refused_or_printed_but_never_a_crash(string expression)
    {
        // How deep the stack reaches differs between machines, so either end is right.
        string source = "{% set ns = namespace(s=[1], t=[1]) %}{% for a in range(99999) %}{% set ns.s = [ns.s] %}{% set ns.t = [ns.t] %}{% endfor %}{{ " + expression + " }}";
        Exception? error = Record.Exception(() => ChatTemplate.Parse(source).Render([], new ChatTemplateOptions()));
        Assert.True(error is null or OpdException { Code: ErrorCodes.ChatTemplateInvalid }, $"{error}");
    }

    [Fact]
    public void Nesting_without_end_is_an_error_not_a_crash()
    {
        string[] sources = [string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000)), "{{ " + new string('(', 100_000), "{{ " + new string('[', 100_000), "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}", "{{ " + string.Concat(Enumerable.Repeat("- ", 100_000)) + "1 }}", "{{ 1" + string.Concat(Enumerable.Repeat("|abs", 100_000)) + " }}", "{{ 1" + string.Concat(Enumerable.Repeat("+1", 100_000)) + " }}"];
        foreach (string source in sources)
        {
            OpdException error = Assert.Throws<OpdException>(() => ChatTemplate.Parse(source).Render([], new ChatTemplateOptions()));
            Assert.Equal(ErrorCodes.ChatTemplateInvalid, error.Code);
        }
    }

    [Fact]
    public void Mutated_templates_fail_only_with_their_code()
    {
        var random = new Random(7);
        string[] sources = Directory.GetFiles(Folder, "*.jinja").Select(File.ReadAllText).ToArray();
        for (int i = 0; i < 2000; i++)
        {
            var text = new StringBuilder(sources[random.Next(sources.Length)]);
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                int at = random.Next(text.Length);
                int length = Math.Min(random.Next(1, 6), text.Length - at);
                string cut = text.ToString(at, length);
                if (random.Next(2) == 0)
                    text.Remove(at, length);
                else
                    text.Insert(random.Next(text.Length), cut);
            }

            try
            {
                ChatTemplate.Parse(text.ToString()).Render([new ChatMessage("user", "x"), new ChatMessage("assistant", "y")], new ChatTemplateOptions());
            }
            catch (OpdException e)
            {
                Assert.Equal(ErrorCodes.ChatTemplateInvalid, e.Code);
            }
        }
    }

    [Fact]
    public void The_date_is_that_of_the_clock()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y, %A %-d %H:%M %j %%') }}");
        Assert.Equal("03 Jul 2025, Thursday 3 14:05 184 %", template.Render([], new ChatTemplateOptions { Clock = new FixedClock() }));
    }

    internal static JsonNode Read(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;

    /// <summary>Nothing when the template renders a row's conversation as the judge did.</summary>
    internal static IEnumerable<string> Difference(ChatTemplate template, JsonNode row)
    {
        string name = $"{row["template"]} {row["conversation"]}";
        string? expected = (string?)row["text"];
        string found = "";
        OpdException? refusal = null;
        try
        {
            found = RenderConversation(template, (string)row["conversation"]!);
        }
        catch (OpdException e)
        {
            refusal = e;
        }

        if (refusal is not null || row["error"] is not null)
        {
            if (refusal is null || row["error"] is null)
                yield return $"{name}: {refusal?.Message ?? $"the judge refuses: {row["error"]}"}";
            yield break;
        }

        if (row["sha256"] is { } hash)
        {
            if (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(found))) != (string?)hash)
                yield return $"{name}: another text than the judge's:\n{found}";
        }
        else if (found != expected)
        {
            int at = Enumerable.Range(0, int.MaxValue).First(i => i >= found.Length || i >= (expected?.Length ?? 0) || found[i] != expected![i]);
            yield return $"{name}: differs at {at}: expected ...{Judgement.Quote(Near(expected!, at))}, found ...{Judgement.Quote(Near(found, at))}";
        }
    }

    private static string Near(string text, int at) => text[Math.Clamp(at - 15, 0, text.Length)..Math.Min(text.Length, at + 50)];

    private static string RenderConversation(ChatTemplate template, string name)
    {
        JsonNode fixture = Read("rendered.json");
        JsonObject given = fixture["conversations"]![name]!.DeepClone().AsObject();
        List<ChatMessage> messages = given["messages"]!.AsArray().Select(message =>
        {
            JsonObject extra = message!.DeepClone().AsObject();
            var turn = new ChatMessage((string)extra["role"]!, (string)extra["content"]!) { ToolCalls = extra["tool_calls"]?.DeepClone() };
            foreach (string known in new[] { "role", "content", "tool_calls" })
                extra.Remove(known);
            return turn with { Extra = extra };
        }).ToList();
        var options = new ChatTemplateOptions
        {
            AddGenerationPrompt = given["add_generation_prompt"]?.GetValue<bool>() ?? false,
            Tools = given["tools"]?.DeepClone() as JsonArray,
            BosToken = (string?)fixture["variables"]!["bos_token"],
            EosToken = (string?)fixture["variables"]!["eos_token"],
        };
        foreach (string known in new[] { "messages", "tools", "add_generation_prompt" })
            given.Remove(known);
        return template.Render(messages, options with { Variables = given });
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2025, 7, 3, 14, 5, 9, TimeSpan.Zero);
    }
}
