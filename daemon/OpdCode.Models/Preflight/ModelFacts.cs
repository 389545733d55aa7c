using OpdCode.Models.Decoding;
using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Models.Weights;

namespace OpdCode.Models.Preflight;

/// <summary>What a model folder says about itself without its weights.</summary>
internal sealed record ModelFacts
{
    /// <summary>The setting that names the folder, for problems.</summary>
    public required string Setting { get; init; }

    /// <summary>What it is to the recipe, in a message: student, teacher, base.</summary>
    public required string Role { get; init; }

    public required string Folder { get; init; }

    /// <summary>The setting names an adapter; <see cref="Folder"/> is its base.</summary>
    public required bool IsAdapter { get; init; }

    public required DecoderConfig Config { get; init; }

    public required ModelTokenizer Tokenizer { get; init; }

    /// <summary>Null for a base model without one.</summary>
    public required ChatTemplate? Template { get; init; }

    /// <summary>Where its responses end.</summary>
    public required ResponseEnds Ends { get; init; }

    /// <summary>Ids that end a response.</summary>
    public IReadOnlySet<int> StopIds => Ends.StopIds;

    /// <summary>Size of the weight files in bytes.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Ids that can stand in a text.</summary>
    public int VocabularySize => Math.Min(Tokenizer.VocabularySize, Config.VocabularySize);

    public static ModelFacts Load(string setting, string role, string folder)
    {
        bool adapter = AdapterFiles.IsIn(folder);
        folder = AdapterBase.ModelFolder(folder);
        DecoderConfig config = DecoderConfig.Load(folder);
        ModelTokenizer tokenizer = ModelTokenizer.Load(folder);
        ChatTemplate? template = ChatTemplate.Load(folder);
        return new ModelFacts
        {
            Setting = setting,
            Role = role,
            Folder = folder,
            IsAdapter = adapter,
            Config = config,
            Tokenizer = tokenizer,
            Template = template,
            Ends = ResponseEnds.Read(folder, config, tokenizer, template),
            WeightBytes = Directory.EnumerateFiles(folder, "*.safetensors").Sum(f => new FileInfo(f).Length),
        };
    }

    /// <summary>The conversation as this model reads it, ready to be answered; null without a template.</summary>
    public string? Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) =>
        Template?.Render(messages, new ChatTemplateOptions { AddGenerationPrompt = addGenerationPrompt, BosToken = Tokenizer.BosToken, EosToken = Tokenizer.EosToken });
}
