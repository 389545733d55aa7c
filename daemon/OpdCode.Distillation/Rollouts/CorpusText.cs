using System.Globalization;
using System.Text;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// The endless shuffled stream of excerpts of a text file. The file is cut into parts of about one excerpt's bytes; a pass
/// takes each part once. Which part is the n-th is a function of seed and n, so a resumed run needs no state, and only the
/// part itself is ever read.
/// </summary>
internal sealed class CorpusText
{
    private const int SampleBytes = 1 << 16; // how many bytes a token has is measured on the beginning of the file
    private const int MostParts = 1 << 24; // beyond it parts get longer, and what does not fit into an excerpt is not read
    private const int LongestCharacter = 4; // bytes of UTF-8

    private readonly string _file;
    private readonly LanguageModel _model;
    private readonly int _tokens;
    private readonly long _seed;
    private readonly long _length, _partLength;
    private readonly int _parts;
    private (long Pass, int[] Order) _shuffled = (-1, []);

    /// <summary>Looks at the beginning of the file.</summary>
    /// <param name="file">Absolute path of the text.</param>
    /// <param name="model">Whose tokenizer to use.</param>
    /// <param name="tokens">Of an excerpt, at least 2: the first is not predicted.</param>
    /// <param name="seed">Of the order.</param>
    /// <exception cref="OpdException">OPD1201: fewer than two tokens; OPD2901: the file cannot be read.</exception>
    public CorpusText(string file, LanguageModel model, int tokens, long seed)
    {
        (_file, _model, _tokens, _seed) = (file, model, tokens, seed);
        byte[] beginning = Read(0, SampleBytes, out _length);
        int sampled = model.EncodePlain(Encoding.UTF8.GetString(beginning)).Length;
        if (sampled < 2)
        {
            throw new OpdException(ErrorCodes.DataLineInvalid, string.Create(CultureInfo.InvariantCulture,
                $"{file} has {_length} bytes and {sampled} tokens; a language-modelling loss needs at least 2. Name a file of plain text in pretraining.data."));
        }
        double wanted = Math.Max(LongestCharacter, (double)beginning.Length / sampled * tokens);
        _parts = (int)Math.Clamp(_length / wanted, 1, MostParts);
        _partLength = _length / _parts;
    }

    /// <summary>The n-th excerpt, from 0: at most the wanted number of tokens, at least 2 unless the part is a single character.</summary>
    /// <exception cref="OpdException">OPD2901: the file cannot be read.</exception>
    public int[] Excerpt(long number)
    {
        (long pass, long place) = Math.DivRem(number, _parts);
        if (_shuffled.Pass != pass) _shuffled = (pass, CounterRandom.Permutation(_parts, _seed, RandomStream.ForCorpus(pass)));
        // A little beyond the part: parts are as long as excerpts are on average, and some have longer tokens.
        byte[] bytes = Read(_shuffled.Order[place] * _partLength, _partLength + _partLength / 2 + LongestCharacter, out _);
        int start = 0;
        while (start < LongestCharacter && start < bytes.Length && (bytes[start] & 0xC0) == 0x80) start++; // the rest of a character that began before
        int[] ids = _model.EncodePlain(Encoding.UTF8.GetString(bytes.AsSpan(start)));
        return ids.Length <= _tokens ? ids : ids[.._tokens];
    }

    private byte[] Read(long from, long count, out long length)
    {
        try
        {
            using FileStream stream = File.OpenRead(_file);
            length = stream.Length;
            stream.Position = from;
            byte[] bytes = new byte[Math.Clamp(length - from, 0, count)];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotAccessible, $"pretraining.data: {_file} cannot be read: {failure.Message}", failure);
        }
    }
}
