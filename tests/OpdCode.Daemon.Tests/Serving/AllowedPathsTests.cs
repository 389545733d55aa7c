using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Tests;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class AllowedPathsTests
{
    [Theory]
    [InlineData("open/a.json", null)]
    [InlineData("open", null)]
    [InlineData("open/not/there/yet.json", null)]
    [InlineData("open/../closed/a.json", ErrorCodes.PathNotAllowed)]
    [InlineData("opened-not/a.json", ErrorCodes.PathNotAllowed)]
    [InlineData("closed/a.json", ErrorCodes.PathNotAllowed)]
    [InlineData("open/link/a.json", ErrorCodes.PathNotAllowed)]
    [InlineData("open/link-to-link/a.json", ErrorCodes.PathNotAllowed)]
    [InlineData("open/inner-link/a.json", null)]
    [InlineData("open/a\0b", ErrorCodes.RequestInvalid)]
    public void A_path_counts_for_where_it_leads(string path, string? code)
    {
        using var folder = new ToyModels.TemporaryFolder();
        foreach (string name in new[] { "open/inner", "closed", "opened-not" }) Directory.CreateDirectory(folder.File(name));
        if (!CanLink(folder, "open/link", folder.File("closed"))) return;
        CanLink(folder, "open/link-to-link", "link");
        CanLink(folder, "open/inner-link", "inner");
        var paths = new AllowedPaths([folder.File("open")]);
        if (code is null) paths.Require(folder.File(path));
        else Assert.Equal(code, Assert.Throws<OpdException>(() => paths.Require(folder.File(path))).Code);
    }

    [Fact]
    public void A_root_that_is_a_link_allows_what_it_leads_to()
    {
        using var folder = new ToyModels.TemporaryFolder();
        Directory.CreateDirectory(folder.File("real"));
        if (!CanLink(folder, "root", folder.File("real"))) return;
        Assert.Equal(AllowedPaths.Canonical(folder.File("real/a")), new AllowedPaths([folder.File("root")]).Require(folder.File("root/a")));
        new AllowedPaths([folder.File("root")]).Require(folder.File("real/a"));
    }

    [Fact]
    public void Links_that_lead_in_a_circle_are_refused()
    {
        using var folder = new ToyModels.TemporaryFolder();
        if (!CanLink(folder, "a", "b")) return;
        CanLink(folder, "b", "a");
        Assert.Equal(ErrorCodes.PathNotAllowed, Assert.Throws<OpdException>(() => new AllowedPaths([folder.Path]).Require(folder.File("a/x"))).Code);
    }

    [Theory]
    [InlineData("relative/a.json")]
    [InlineData("")]
    [InlineData("../a")]
    public void A_path_must_be_absolute(string path) =>
        Assert.Equal(ErrorCodes.RequestInvalid, Assert.Throws<OpdException>(() => new AllowedPaths([Path.GetTempPath()]).Require(path)).Code);

    // Windows lets only some users make links.
    private static bool CanLink(ToyModels.TemporaryFolder folder, string name, string target)
    {
        try
        {
            Directory.CreateSymbolicLink(folder.File(name), target);
            return true;
        }
        catch (IOException) when (OperatingSystem.IsWindows())
        {
            return false;
        }
    }
}
