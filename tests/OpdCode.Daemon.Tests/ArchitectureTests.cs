using System.Text.RegularExpressions;
using OpdCode.Protocol;
using System.Xml.Linq;

namespace OpdCode.Daemon.Tests;

/// <summary>The rules of the solution that no compiler checks: who depends on whom, how long a file may be, what is banned.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string[] s_order = ["OpdCode.Protocol", "OpdCode.Recipes", "OpdCode.Models", "OpdCode.Distillation", "OpdCode.Daemon"];

    /// <summary>Files that may be longer than the limit, each with its reason. Keep it short.</summary>
    private static readonly Dictionary<string, string> s_longFiles = [];

    [Fact]
    public void Each_project_depends_only_on_those_before_it()
    {
        for (int i = 0; i < s_order.Length; i++)
        {
            string project = Path.Combine(Root, "daemon", s_order[i], s_order[i] + ".csproj");
            IEnumerable<string> references = XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.All(references, reference => Assert.Contains(reference, s_order[..i]));
        }
        Assert.Empty(XDocument.Load(Path.Combine(Root, "daemon", "OpdCode.Protocol", "OpdCode.Protocol.csproj")).Descendants("PackageReference"));
        Assert.Equal(s_order.Order(), Directory.EnumerateDirectories(Path.Combine(Root, "daemon"), "OpdCode.*").Select(p => Path.GetFileName(p)!).Order());
    }

    [Fact]
    public void Only_models_and_later_projects_touch_libtorch()
    {
        foreach (string project in s_order[..2])
            Assert.DoesNotContain(SourceFiles(Path.Combine(Root, "daemon", project)), file => File.ReadAllText(file).Contains("TorchSharp", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_project_has_its_tests()
    {
        foreach (string project in s_order) Assert.NotEmpty(SourceFiles(Path.Combine(Root, "tests", project + ".Tests")));
    }

    [Fact]
    public void Files_are_short()
    {
        var tooLong = SourceFiles(Root).Select(file => (Name: Path.GetRelativePath(Root, file).Replace('\\', '/'), Lines: File.ReadLines(file).Count()))
            .Where(f => f.Lines > 500 && !s_longFiles.ContainsKey(f.Name)).Select(f => $"{f.Name}: {f.Lines} lines");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void The_loop_fits_on_a_screen() =>
        Assert.InRange(File.ReadLines(Path.Combine(Root, "daemon", "OpdCode.Distillation", "DistillationLoop.cs")).Count(), 1, 120);

    [Fact]
    public void A_file_is_named_for_its_type()
    {
        var misnamed = SourceFiles(Path.Combine(Root, "daemon")).Where(f => Path.GetFileName(f) != "Program.cs")
            .Where(f => !Regex.IsMatch(File.ReadAllText(f), $@"\b(class|record|struct|enum|interface|delegate\s+\S+)\s+(struct\s+|class\s+)?{Regex.Escape(Path.GetFileNameWithoutExtension(f).Split('.')[0])}\b"))
            .Select(f => Path.GetRelativePath(Root, f));
        Assert.Empty(misnamed);
    }

    [Fact]
    public void Device_names_stand_in_one_file()
    {
        var named = SourceFiles(Path.Combine(Root, "daemon")).Where(f => DeviceName().IsMatch(File.ReadAllText(f))).Select(f => Path.GetFileName(f)!);
        Assert.Equal(["ComputeDevice.cs"], named);
    }

    [Fact]
    public void Standard_output_belongs_to_the_commands()
    {
        var direct = SourceFiles(Path.Combine(Root, "daemon")).Where(f => DirectConsole().IsMatch(File.ReadAllText(f))).Select(f => Path.GetRelativePath(Root, f));
        Assert.Empty(direct);
    }

    /// <summary>A path that lacks the mark would not be held to what the user opened.</summary>
    [Fact]
    public void Every_path_that_a_client_sends_is_marked_as_one()
    {
        // Greetings say what is open; everything else is held to it.
        var unmarked = typeof(RunParams).Assembly.GetTypes().Where(t => t.Name.EndsWith("Params", StringComparison.Ordinal) && t != typeof(InitializeParams))
            .SelectMany(t => t.GetProperties().Where(p => p.PropertyType == typeof(string) && PathName().IsMatch(p.Name) && !p.IsDefined(typeof(ClientPathAttribute), inherit: true)).Select(p => $"{t.Name}.{p.Name}"));
        Assert.Empty(unmarked);
        Assert.Contains(typeof(ScoreParams).GetProperties(), p => PathName().IsMatch(p.Name)); // the pattern finds what it is for
    }

    [Fact]
    public void No_shell_is_ever_started()
    {
        var shells = SourceFiles(Path.Combine(Root, "daemon")).Where(f => Shell().IsMatch(File.ReadAllText(f))).Select(f => Path.GetRelativePath(Root, f));
        Assert.Empty(shells);
        Assert.Matches(Shell(), "new ProcessStartInfo(\"sh\") { UseShellExecute = true, Arguments = \"-c\" }");
    }

    [GeneratedRegex("(Path|Folder|File|Model|Student|Teacher|Tokenizer)$")]
    private static partial Regex PathName();

    // Programs are started with lists of arguments, never with a line that something takes apart.
    [GeneratedRegex(@"UseShellExecute\s*=\s*true|\bArguments\s*=|""(/bin/)?(ba|z|c)?sh""|cmd\.exe|""cmd""|powershell|pwsh")]
    private static partial Regex Shell();

    [GeneratedRegex(@"torch\.cuda|torch\.device\(|DeviceType\.CUDA|\.cuda\(\)")]
    private static partial Regex DeviceName();

    [GeneratedRegex(@"\bConsole\.(Write|Out|Error|SetOut)")]
    private static partial Regex DirectConsole();

    private static IEnumerable<string> SourceFiles(string folder) => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Replace('\\', '/').Contains("/artifacts/", StringComparison.Ordinal) && !f.Replace('\\', '/').Contains("/node_modules/", StringComparison.Ordinal));

    private static string Root
    {
        get
        {
            DirectoryInfo? up = new(AppContext.BaseDirectory);
            while (up is not null && !File.Exists(Path.Combine(up.FullName, "OpdCode.sln"))) up = up.Parent;
            return up!.FullName;
        }
    }
}
