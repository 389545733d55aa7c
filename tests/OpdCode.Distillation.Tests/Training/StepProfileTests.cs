using System.Text.Json.Nodes;
using OpdCode.Distillation.Training;

namespace OpdCode.Distillation.Tests.Training;

public sealed class StepProfileTests
{
    [Fact]
    public void Spans_become_events_with_begin_and_duration_and_none_are_taken_after_the_end()
    {
        using StepProfile profile = StepProfile.Begin();
        using (StepProfile.Measure("outer-of-this-test"))
        using (StepProfile.Measure("inner-of-this-test")) { }
        profile.Dispose();
        StepProfile.Measure("late-in-this-test").Dispose();

        // Other tests run at the same time and leave spans too.
        JsonNode[] events = [.. profile.Trace()["traceEvents"]!.AsArray().Select(e => e!).Where(e => e["name"]!.GetValue<string>().EndsWith("this-test", StringComparison.Ordinal))];
        Assert.Equal(["outer-of-this-test", "inner-of-this-test"], events.Select(e => e["name"]!.GetValue<string>()));
        Assert.All(events, e => Assert.Equal("X", e["ph"]!.GetValue<string>()));
        double End(JsonNode e) => e["ts"]!.GetValue<double>() + e["dur"]!.GetValue<double>();
        Assert.True(End(events[1]) <= End(events[0]));
        Assert.True(events[1]["ts"]!.GetValue<double>() >= events[0]["ts"]!.GetValue<double>());
    }
}
