using System.Text.Json;

namespace OpdCode.Models.Tokenization;

/// <summary>
/// What the side files of a tokenizer folder say: which tokens are BOS, EOS, PAD and UNK, and tokens that
/// tokenizer.json itself does not list. tokenizer.json wins where both speak.
/// </summary>
internal sealed class TokenizerFolder
{
    private static readonly string[] s_roles = ["bos_token", "eos_token", "pad_token", "unk_token"];

    private readonly Dictionary<string, (string Text, JsonPart Part)> _roles = new(StringComparer.Ordinal);

    /// <summary>From <c>added_tokens_decoder</c> and added_tokens.json, in order of id.</summary>
    public List<(AddedToken Token, JsonPart Part)> MoreTokens { get; } = [];

    /// <summary>The token that plays a role, such as <c>eos_token</c>, or null.</summary>
    public (string Text, JsonPart Part)? Role(string name) => _roles.TryGetValue(name, out (string, JsonPart) role) ? role : null;

    public IEnumerable<(string Text, JsonPart Part)> Roles => _roles.Values;

    public static TokenizerFolder Read(string folder)
    {
        var result = new TokenizerFolder();
        if (Open(folder, "tokenizer_config.json") is { } config)
        {
            result.ReadRoles(config);
            if (config.Optional("added_tokens_decoder") is { } decoder)
            {
                foreach ((string key, JsonPart value) in decoder.Properties())
                {
                    if (!int.TryParse(key, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id))
                        throw value.Fail("must have a token id as its name.");
                    result.MoreTokens.Add((ReadToken(value, id), value));
                }
            }
        }

        if (Open(folder, "special_tokens_map.json") is { } map)
            result.ReadRoles(map);
        if (Open(folder, "added_tokens.json") is { } added)
        {
            foreach ((string content, JsonPart value) in added.Properties())
                result.MoreTokens.Add((new AddedToken(value.Number(), content, Special: false, LStrip: false, RStrip: false, SingleWord: false, Normalized: false), value));
        }

        return result;
    }

    /// <summary>Reads one entry of <c>added_tokens</c> or <c>added_tokens_decoder</c>.</summary>
    public static AddedToken ReadToken(JsonPart part, int id)
    {
        bool special = part.Flag("special", false);
        return new AddedToken(id, part.Get("content").Text(), special, part.Flag("lstrip", false), part.Flag("rstrip", false),
            part.Flag("single_word", false), part.Flag("normalized", !special));
    }

    private static JsonPart? Open(string folder, string name)
    {
        string file = Path.Combine(folder, name);
        if (!File.Exists(file))
            return null;
        var part = new JsonPart(JsonPart.Parse(file).RootElement, file, "");
        return part.Kind == JsonValueKind.Object ? part : throw part.Fail("must be an object.");
    }

    private void ReadRoles(JsonPart config)
    {
        foreach (string role in s_roles)
        {
            if (_roles.ContainsKey(role) || config.Optional(role) is not { } part)
                continue;
            string text = part.Kind switch
            {
                JsonValueKind.String => part.Text(),
                JsonValueKind.Object => part.Get("content").Text(),
                _ => throw part.Fail("must be a token's text, or an object with \"content\"."),
            };
            _roles[role] = (text, part);
        }
    }
}
