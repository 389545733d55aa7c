using OpdCode.Daemon.Rollouts;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class PageRehearsalTests
{
    /// <summary>Nobody sees what becomes of it in a daemon.</summary>
    [Fact]
    public void The_page_for_nobody_can_be_made() => PageRehearsal.Run();
}
