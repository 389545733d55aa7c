using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Models.Templates;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Commands;

/// <summary>Options that several commands share, and what they mean.</summary>
internal static class ModelOptions
{
    public static Option<string> Model(string name, string description) => new(name) { Description = description, HelpName = "DIR", Required = true };

    public static Option<string> Device() => new("--device") { Description = "auto, cpu, cuda or cuda:N.", HelpName = "DEVICE", DefaultValueFactory = _ => "auto" };

    public static Option<bool> Plain() => new("--plain") { Description = "Take the prompt as it is. Default: through the model's chat template where it has one." };

    /// <summary>A whole number with a least value. Text that is no number is refused by the parser itself.</summary>
    public static Option<int> Count(string name, string description, string unit, int least, int usual)
    {
        Option<int> option = new(name) { Description = description, HelpName = unit, DefaultValueFactory = _ => usual };
        option.Validators.Add(given =>
        {
            if (given.Tokens is [Token only] && int.TryParse(only.Value, CultureInfo.InvariantCulture, out int value) && value < least) given.AddError($"{name} is {value} but must be {least} or more.");
        });
        return option;
    }

    /// <summary>A finite number with a condition that <paramref name="bounds"/> words.</summary>
    public static Option<double> Number(string name, string description, string unit, Func<double, bool> allowed, string bounds, double usual)
    {
        Option<double> option = new(name) { Description = description, HelpName = unit, DefaultValueFactory = _ => usual };
        option.Validators.Add(given =>
        {
            if (given.Tokens is [Token only] && double.TryParse(only.Value, CultureInfo.InvariantCulture, out double value) && !(double.IsFinite(value) && allowed(value)))
                given.AddError(FormattableString.Invariant($"{name} is {value} but must be {bounds}."));
        });
        return option;
    }

    public static LanguageModel Load(string folder, string device) => LanguageModel.Load(Path.GetFullPath(folder), ComputeDevice.Resolve(device));

    /// <summary>Prompt ids and how they were made: "chat" or "plain".</summary>
    public static (int[] Ids, string Format) Encode(LanguageModel model, string prompt, bool plain) =>
        plain || model.Template is null ? (model.EncodePlain(prompt), "plain") : (model.EncodeChat([new ChatMessage("user", prompt)]), "chat");

    /// <summary>Comma-separated token ids, each inside the vocabulary.</summary>
    /// <exception cref="OpdException">OPD2107 naming the id that is not.</exception>
    public static int[] Ids(string text, int vocabularySize)
    {
        string[] parts = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Select(part =>
        {
            if (int.TryParse(part, CultureInfo.InvariantCulture, out int id) && id >= 0 && id < vocabularySize) return id;
            throw new OpdException(ErrorCodes.TokenOutOfRange, $"\"{part}\" is not a token id of this model; ids are whole numbers from 0 to {vocabularySize - 1}.");
        }).ToArray();
    }
}
