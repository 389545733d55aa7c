namespace OpdCode.Models.Tokenization;

/// <summary>Which tokens go before and after a text when special tokens are asked for.</summary>
internal sealed class PostProcessor
{
    private PostProcessor(int[] before, int[] after)
    {
        Before = before;
        After = after;
    }

    public static PostProcessor None { get; } = new([], []);

    public int[] Before { get; }

    public int[] After { get; }

    public static PostProcessor Read(JsonPart part)
    {
        string type = part.Get("type").Text();
        return type switch
        {
            "ByteLevel" => None, // changes Hugging Face's offsets only, never ids
            "Sequence" => part.Get("processors").Items().Select(Read).Aggregate(None, Around),
            "TemplateProcessing" => Template(part),
            _ => throw part.Fail($"is of type \"{type}\", which is not supported. Known: ByteLevel, Sequence, TemplateProcessing."),
        };
    }

    private static PostProcessor Around(PostProcessor inner, PostProcessor outer) =>
        new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]);

    private static PostProcessor Template(JsonPart part)
    {
        var before = new List<int>();
        var after = new List<int>();
        bool seen = false;
        foreach (JsonPart item in part.Get("single").Items())
        {
            if (item.Optional("Sequence") is { } sequence)
            {
                if (seen || sequence.Get("id").Text() != "A")
                    throw sequence.Fail("must stand for the text (A), once.");
                seen = true;
                continue;
            }

            string name = item.Get("SpecialToken").Get("id").Text();
            (seen ? after : before).AddRange(part.Get("special_tokens").Get(name).Get("ids").Items().Select(id => id.Number()));
        }

        return seen ? new PostProcessor([.. before], [.. after]) : throw part.Fail("leaves out the text itself (Sequence A).");
    }
}
