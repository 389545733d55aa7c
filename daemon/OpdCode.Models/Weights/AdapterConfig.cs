using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Models.Weights;

/// <summary>
/// What PEFT's adapter_config.json says about a LoRA adapter: ΔW = Scale · B · A, added to the weight of every module
/// that <see cref="Matches"/>.
/// </summary>
/// <remarks>
/// LoRA: Hu et al. 2021 (arXiv:2106.09685), section 4.1; the rank-stabilized scale: Kalajdzievski 2023
/// (arXiv:2312.03732). Options that would change the maths and are not supported are refused on reading.
/// </remarks>
public sealed record AdapterConfig
{
    /// <summary>The target that stands for every linear layer except the output head.</summary>
    public const string AllLinear = "all-linear";

    private static readonly TimeSpan s_patternLimit = TimeSpan.FromSeconds(2); // a pattern from a file may backtrack for ever

    /// <summary>The rank r of A (r × in) and B (out × r); 1 or more.</summary>
    public required int Rank { get; init; }

    /// <summary>lora_alpha; the numerator of <see cref="Scale"/>.</summary>
    public required double Alpha { get; init; }

    /// <summary>Module names: exact paths or their endings at a dot. Null when <see cref="TargetPattern"/> says which.</summary>
    public IReadOnlyList<string>? TargetModules { get; init; }

    /// <summary>A regular expression over the whole module path, or <see cref="AllLinear"/>. Null when <see cref="TargetModules"/> says which.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>use_rslora: divide alpha by the square root of the rank.</summary>
    /// <value>False by default, as in PEFT.</value>
    public bool UseRankStabilizedScale { get; init; }

    /// <summary>lora_dropout: the share of A's inputs dropped in training, 0 to below 1; without effect otherwise.</summary>
    public double Dropout { get; init; }

    /// <summary>base_model_name_or_path: where the weights that the adapter was trained on came from; informative.</summary>
    public string? BaseModel { get; init; }

    /// <summary>The factor of B · A: alpha / r, or alpha / √r with <see cref="UseRankStabilizedScale"/>.</summary>
    public double Scale => Alpha / (UseRankStabilizedScale ? Math.Sqrt(Rank) : Rank);

    /// <summary>Whether the adapter applies to a linear module, by PEFT's rules.</summary>
    /// <param name="modulePath">The module's path in the model, for example model.layers.0.self_attn.q_proj.</param>
    /// <remarks>
    /// A list matches the exact path or its ending after a dot; a text is a regular expression that must match the whole
    /// path; all-linear matches all but lm_head (only ask about linear modules).
    /// </remarks>
    /// <exception cref="OpdException">OPD2106 when the pattern takes too long on this path.</exception>
    public bool Matches(string modulePath)
    {
        ArgumentNullException.ThrowIfNull(modulePath);
        if (TargetModules is not null)
            return TargetModules.Any(target => modulePath == target || modulePath.EndsWith("." + target, StringComparison.Ordinal));
        if (TargetPattern is null) return false;
        if (TargetPattern.Equals(AllLinear, StringComparison.OrdinalIgnoreCase))
            return modulePath != "lm_head" && !modulePath.EndsWith(".lm_head", StringComparison.Ordinal);
        try
        {
            return WholePath(TargetPattern).IsMatch(modulePath);
        }
        catch (RegexMatchTimeoutException failure)
        {
            throw new OpdException(ErrorCodes.AdapterInvalid,
                $"target_modules '{TargetPattern}' takes more than {s_patternLimit.TotalSeconds:0} s on '{modulePath}'. Write a simpler expression, or a list of module names.", failure);
        }
    }

    /// <summary>Checks what the types cannot say: rank, alpha, dropout and targets.</summary>
    /// <exception cref="OpdException">OPD2106 naming the option and its value.</exception>
    public void Validate()
    {
        if (Rank < 1) throw AdapterConfigJson.Refuse("r", $"{Rank}", "1 or more is expected");
        if (!double.IsFinite(Alpha)) throw AdapterConfigJson.Refuse("lora_alpha", $"{Alpha}", "a finite number is expected");
        if (!(Dropout is >= 0 and < 1)) throw AdapterConfigJson.Refuse("lora_dropout", $"{Dropout}", "0 to below 1 is expected");
        if (TargetModules is null == TargetPattern is null || TargetModules is { Count: 0 } || TargetPattern is "" || TargetModules?.Contains("") == true)
            throw AdapterConfigJson.Refuse("target_modules", "empty or not set", "a list of module names or a regular expression is expected");
        if (TargetPattern is null) return;
        try
        {
            WholePath(TargetPattern);
        }
        catch (ArgumentException failure)
        {
            throw AdapterConfigJson.Refuse("target_modules", TargetPattern, $"it is not a regular expression: {failure.Message}");
        }
    }

    /// <summary>Reads adapter_config.json.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <exception cref="OpdException">OPD2106 when it is malformed or asks for something that is not supported.</exception>
    internal static AdapterConfig Parse(ReadOnlyMemory<byte> utf8)
    {
        AdapterConfig config = AdapterConfigJson.Read(utf8);
        config.Validate();
        return config;
    }

    /// <summary>Writes adapter_config.json as PEFT reads it.</summary>
    internal void Write(Stream stream) => AdapterConfigJson.Write(this, stream);

    /// <summary>Python's spelling of named groups and of the end is turned into the framework's.</summary>
    private static Regex WholePath(string pattern)
    {
        string translated = pattern.Replace("(?P<", "(?<", StringComparison.Ordinal).Replace("\\Z", "\\z", StringComparison.Ordinal);
        translated = Regex.Replace(translated, @"\(\?P=(\w+)\)", @"\k<$1>");
        return new Regex(@"\A(?:" + translated + @")\z", RegexOptions.CultureInvariant, s_patternLimit);
    }
}
