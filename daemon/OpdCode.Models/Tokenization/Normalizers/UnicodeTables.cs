using System.Globalization;

namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>
/// Decompositions, compositions and combining classes of Unicode (UAX #15), from the embedded table. .NET's own
/// <c>string.Normalize</c> does nothing under InvariantGlobalization, and follows another version of Unicode than
/// Hugging Face's library does.
/// </summary>
internal sealed class UnicodeTables
{
    private static readonly Lazy<UnicodeTables> s_shared = new(() => new UnicodeTables());

    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatible = [];
    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];

    private UnicodeTables()
    {
        using Stream stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("UnicodeNormalization.txt")!;
        using var reader = new StreamReader(stream);
        var composites = new Dictionary<string, int>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            string[] cells = line.Split(';');
            switch (line[0])
            {
                case 'C':
                    composites[cells[2]] = Hexadecimal(cells[1]);
                    goto case 'X';
                case 'X':
                    _canonical[Hexadecimal(cells[1])] = cells[2].Split(' ').Select(Hexadecimal).ToArray();
                    break;
                case 'K':
                    _compatible[Hexadecimal(cells[1])] = cells[2].Split(' ').Select(Hexadecimal).ToArray();
                    break;
                case 'M':
                    for (int point = Hexadecimal(cells[1]); point <= Hexadecimal(cells[2]); point++)
                        _classes[point] = byte.Parse(cells[3], CultureInfo.InvariantCulture);
                    break;
            }
        }

        foreach ((string decomposition, int composite) in composites)
        {
            // The table holds full decompositions; a composite joins everything but the last part with the last part.
            int cut = decomposition.LastIndexOf(' ');
            string head = decomposition[..cut];
            int first = head.Contains(' ', StringComparison.Ordinal) ? composites[head] : Hexadecimal(head);
            _compositions[(first, Hexadecimal(decomposition[(cut + 1)..]))] = composite;
        }
    }

    public static UnicodeTables Shared => s_shared.Value;

    /// <summary>The full decomposition of a character, or null when it stays as it is. Hangul is not in here: it follows a formula.</summary>
    public int[]? Decompose(int point, bool compatible) =>
        compatible && _compatible.TryGetValue(point, out int[]? wide) ? wide : _canonical.GetValueOrDefault(point);

    public byte CombiningClass(int point) => _classes.GetValueOrDefault(point);

    /// <summary>The character that two make together, or -1.</summary>
    public int Compose(int first, int second) => _compositions.TryGetValue((first, second), out int composite) ? composite : -1;

    private static int Hexadecimal(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
