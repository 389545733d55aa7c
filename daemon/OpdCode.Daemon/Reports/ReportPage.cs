using System.Security.Cryptography;
using System.Text;

namespace OpdCode.Daemon.Reports;

/// <summary>
/// The page's frame: the embedded HTML with styles, scripts and data put in place. A content security policy made of
/// hashes lets exactly these scripts and styles run and no request leave the page, whatever a model wrote.
/// </summary>
internal static class ReportPage
{
    /// <summary>The page's own scripts, in the order they depend on each other; one script element holds them all.</summary>
    private static readonly string[] s_scripts =
        ["text.js", "measures.js", "charts.js", "summary.js", "answers.js", "tooltip.js", "tokens.js", "rollouts.js", "report.js"];

    public static void Write(Stream stream, Action<Stream> writeData)
    {
        // The licence asks to travel with every copy, and every report is one.
        string library = $"/*! uPlot 1.6.32\n{Resource("uPlot-LICENSE.txt")}*/\n{Resource("uPlot-1.6.32.iife.min.js").TrimEnd()}";
        string script = "\"use strict\";\n" + string.Concat(s_scripts.Select(Resource));
        string style = Resource("uPlot-1.6.32.min.css").TrimEnd() + "\n" + Resource("report.css");
        string policy =
            $"default-src 'none'; script-src {Hash(library)} {Hash(script)}; style-src {Hash(style)}; " +
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

        // The template is cut at its marks once: what is put in is never searched for marks again.
        foreach (string part in Resource("report.html").Split("{{"))
        {
            int end = part.IndexOf("}}", StringComparison.Ordinal);
            if (end < 0)
            {
                Text(stream, part);
                continue;
            }

            switch (part[..end])
            {
                case "policy": Text(stream, policy); break;
                case "style": Text(stream, style); break;
                case "library": Text(stream, library); break;
                case "script": Text(stream, script); break;
                case "data": writeData(stream); break;
                default: throw new InvalidOperationException($"report.html has an unknown mark {part[..end]}");
            }

            Text(stream, part[(end + 2)..]);
        }
    }

    /// <summary>The text of an embedded file, with LF line ends: a hash over CRLF would not match what a browser sees.</summary>
    public static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream("report/" + name)
            ?? throw new InvalidOperationException($"the resource report/{name} is not embedded");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    public static IReadOnlyList<string> ScriptNames => s_scripts;

    private static string Hash(string content) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'";

    private static void Text(Stream stream, string text) => stream.Write(Encoding.UTF8.GetBytes(text));
}
