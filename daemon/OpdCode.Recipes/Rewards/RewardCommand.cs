using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Rewards;

/// <summary>Runs the user's own program for a response, inside limits of time and memory.</summary>
internal sealed class RewardCommand(CommandRewardRecipe recipe, string folder)
{
    private static readonly TimeSpan s_memoryLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_pipeLimit = TimeSpan.FromSeconds(5);
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // One token for each program that may run now: hundreds at once would take each other's time and memory and break their limits.
    private readonly Channel<int> _places = Places(recipe.Parallel > 0 ? recipe.Parallel : Environment.ProcessorCount);

    public async Task<double> ScoreAsync(RewardInput input, string text, CancellationToken cancel)
    {
        int place = await _places.Reader.ReadAsync(cancel);
        try
        {
            return await RunAsync(input, text, cancel);
        }
        catch (OpdException) when (recipe.OnFailure is { } score)
        {
            return score;
        }
        finally
        {
            _places.Writer.TryWrite(place);
        }
    }

    private static Channel<int> Places(int count)
    {
        Channel<int> places = Channel.CreateUnbounded<int>();
        for (int i = 0; i < count; i++) places.Writer.TryWrite(i);
        return places;
    }

    private async Task<double> RunAsync(RewardInput input, string text, CancellationToken cancel)
    {
        using Process process = Start();
        using ProcessFamily family = new(process);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            Task writing = WriteAsync(process, JsonSerializer.Serialize(new { prompt = input.Prompt, response = text, answer = input.Answer }, s_plain));
            await WaitAsync(process, family, cancel);
            await writing;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        string said = (await Read(errors)).Trim();
        if (process.ExitCode != 0) throw Failed($"ended with {process.ExitCode}", said);
        string last = (await Read(output)).Trim().Split('\n')[^1].Trim();
        return double.TryParse(last, NumberStyles.Float, CultureInfo.InvariantCulture, out double score) && double.IsFinite(score)
            ? score
            : throw Failed($"printed \"{(last.Length > 60 ? last[..60] : last)}\" where a number was expected on the last line", said);
    }

    private Process Start()
    {
        ProcessStartInfo start = new(recipe.Command[0], recipe.Command.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException or DirectoryNotFoundException)
        {
            throw Failed($"could not be started: {e.Message}", "");
        }
    }

    private static async Task WriteAsync(Process process, string line)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(line);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program that does not read its input closes it early; that is its right.
        }
    }

    private async Task WaitAsync(Process process, ProcessFamily family, CancellationToken cancel)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Task ended = process.WaitForExitAsync(cancel);
        while (await Task.WhenAny(ended, Task.Delay(s_memoryLook, cancel)) != ended)
        {
            cancel.ThrowIfCancellationRequested();
            if (watch.Elapsed.TotalSeconds > recipe.TimeLimit) throw Failed(string.Create(CultureInfo.InvariantCulture, $"took longer than {recipe.TimeLimit} s"), "");
            if (family.Bytes() > (long)recipe.MemoryLimit << 20) throw Failed($"took more than {recipe.MemoryLimit} MB of memory", "");
        }
        await ended;
    }

    // Something that the program started and left behind may hold its output open for ever.
    private async Task<string> Read(Task<string> pipe)
    {
        try
        {
            return await pipe.WaitAsync(s_pipeLimit, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            throw Failed("ended, and something that it started still holds its output", "");
        }
    }

    private OpdException Failed(string how, string said) => new(ErrorCodes.RewardCommandFailed,
        $"The reward command {string.Join(' ', recipe.Command)} {how}.{(said.Length == 0 ? "" : $" It said: {(said.Length > 400 ? said[^400..] : said)}")}");
}
