using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Work;

public sealed class RunLifeTests
{
    /// <summary>The whole machine: a row a state, a column an input; a dot is refused.</summary>
    private const string Table = """
                     Start     Load      AskPause  Hold    AskResume  AskStop   Save     AskAbort  Cancel   Finish     Fail     Lose
        Queued       Starting  .         .         .       .          Stopped   .        Aborted   .        .          .        .
        Starting     .         Running   Pausing   .       .          Stopping  .        Aborting  .        .          Failed   Interrupted
        Running      .         .         Pausing   .       .          Stopping  .        Aborting  .        Completed  Failed   Interrupted
        Pausing      .         Pausing   Pausing   Paused  Running    Stopping  .        Aborting  .        Completed  Failed   Interrupted
        Paused       .         .         Paused    .       Running    Stopping  .        Aborting  .        .          Failed   Interrupted
        Stopping     .         Stopping  .         .       .          Stopping  Stopped  Aborting  .        Completed  Failed   Interrupted
        Aborting     .         Aborting  .         .       .          .         .        Aborting  Aborted  Completed  Aborted  Aborted
        Stopped      .         .         .         .       Queued     .         .        .         .        .          .        .
        Aborted      .         .         .         .       Queued     .         .        .         .        .          .        .
        Completed    .         .         .         .       .          .         .        .         .        .          .        .
        Failed       .         .         .         .       Queued     .         .        .         .        .          .        .
        Interrupted  .         .         .         .       Queued     .         .        .         .        .          .        .
        """;

    [Fact]
    public void Every_state_and_input_leads_where_the_table_says()
    {
        string[][] rows = [.. Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(Enum.GetNames<RunInput>().Order(), rows[0].Order());
        Assert.Equal(Enum.GetNames<RunState>().Order(), rows[1..].Select(r => r[0]).Order());
        foreach (string[] row in rows[1..])
        {
            for (int i = 0; i < rows[0].Length; i++)
            {
                RunState? next = RunLife.Next(Enum.Parse<RunState>(row[0]), Enum.Parse<RunInput>(rows[0][i]));
                Assert.True((next?.ToString() ?? ".") == row[i + 1], $"{row[0]} + {rows[0][i]}: {next?.ToString() ?? "refused"}, and the table says {row[i + 1]}");
            }
        }
    }

    [Fact]
    public void A_refusal_says_state_and_remedy()
    {
        OpdException refused = Assert.Throws<OpdException>(() => RunLife.Require(RunState.Completed, RunInput.AskResume));
        Assert.Equal(ErrorCodes.RunStateInvalid, refused.Code);
        Assert.Equal("The run is completed and cannot be resumed. All of its steps are done; rerun it, or start the recipe with more steps.", refused.Message);
    }

    [Fact]
    public void From_every_state_a_run_can_come_to_an_end()
    {
        foreach (RunState state in Enum.GetValues<RunState>())
            Assert.True(RunLife.IsEnded(state) || Enum.GetValues<RunInput>().Any(input => RunLife.Next(state, input) is { } next && RunLife.IsEnded(next)), $"{state}");
    }
}
