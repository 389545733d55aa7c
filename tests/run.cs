// Runs every test of the repository and ends with one line: "N passed, N failed".
//
//   dotnet run tests/run.cs                 everything
//   dotnet run tests/run.cs -- Models       only the test projects whose name contains "Models"
//   dotnet run tests/run.cs -- extension    only the VS Code extension: lint, types, unit tests, end to end
//
// Builds the solution once in Release, then runs one test project after the other: each uses all cores itself. The
// extension comes last, because its end-to-end tests drive the daemon that was built.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;

string root = Path.GetFullPath(Path.Combine(AppContext.GetData("EntryPointFileDirectoryPath") as string ?? "tests", ".."));
string results = Path.Combine(root, "artifacts", "test-results");
if (Directory.Exists(results)) Directory.Delete(results, recursive: true);

if (Run("dotnet", ["build", "OpdCode.sln", "-c", "Release", "--nologo", "-v", "minimal"]) != 0)
{
    Console.WriteLine("0 passed, 1 failed");
    return 1;
}

int passed = 0, failed = 0;
foreach (string project in Directory.EnumerateDirectories(Path.Combine(root, "tests"), "OpdCode.*.Tests").Order(StringComparer.Ordinal))
{
    string name = Path.GetFileName(project), log = Path.Combine(results, name + ".trx");
    if (args.Length > 0 && !args.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase))) continue;
    int exit = Run("dotnet", ["test", project, "-c", "Release", "--no-build", "--nologo", "--logger", $"trx;LogFileName={log}", "--results-directory", results]);
    XElement? counters = File.Exists(log) ? XDocument.Load(log).Descendants().FirstOrDefault(e => e.Name.LocalName == "Counters") : null;
    int ok = Count(counters, "passed"), total = Count(counters, "total");
    passed += ok;
    // Whatever did not pass has failed: skipped, timed out, or never run because the host died.
    failed += total - ok + (counters is null || (exit != 0 && total == ok) ? 1 : 0);
}
if (args.Length == 0)
{
    // Nobody runs the study every day, and it uses the product's inner parts: that it still compiles is a check of its own.
    if (Run("dotnet", ["build", Path.Combine("docs", "study", "first-wave.cs"), "-c", "Release", "--nologo", "-v", "quiet"]) == 0) passed++;
    else failed++;
}
if (args.Length == 0 || args.Any(part => "extension".Contains(part, StringComparison.OrdinalIgnoreCase)))
{
    string counts = Path.Combine(results, "extension.json");
    int exit = Run("node", [Path.Combine("tests", "extension.mjs")]);
    JsonNode? report = File.Exists(counts) ? JsonNode.Parse(File.ReadAllText(counts)) : null;
    int ok = (int?)report?["passed"] ?? 0, bad = (int?)report?["failed"] ?? 0;
    passed += ok;
    failed += bad + (report is null || (exit != 0 && bad == 0) ? 1 : 0);
}
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed} passed, {failed} failed"));
return failed == 0 && passed > 0 ? 0 : 1;

int Run(string program, string[] arguments)
{
    var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = root };
    try
    {
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        process.WaitForExit();
        return process.ExitCode;
    }
    catch (System.ComponentModel.Win32Exception failure)
    {
        Console.WriteLine($"{program} did not start: {failure.Message}. It must be installed and on the PATH.");
        return -1;
    }
}

static int Count(XElement? counters, string name) => (int?)counters?.Attribute(name) ?? 0;
