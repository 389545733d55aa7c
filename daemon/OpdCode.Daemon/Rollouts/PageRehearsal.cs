using System.Text.Json;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// Makes a page of token feedback for nobody: most of what the first click on a rollout waits for is code that has not
/// run before.
/// </summary>
internal static class PageRehearsal
{
    private static ReadOnlySpan<byte> Line => """
        {"step":1,"index":0,"prompt":"p","response":"a b","tokenIds":[1,2],"tokenTexts":["a"," b"],"charStart":[0,1],"charEnd":[1,3],"mask":[1,0],
        "studentLogprobs":[-1.5,-0.25],"teacherLogprobs":[-2.25,-0.125],"divergence":[0.5,null],"loss":[0.5,0.5],"stages":{"a":[1,0.5]},
        "studentTopIds":[[1],[2]],"studentTopTexts":[["a"],[" b"]],"studentTopLogprobs":[[-1.5],[-0.25]]}
        """u8;

    /// <summary>Makes it.</summary>
    public static void Run()
    {
        RolloutLine rollout = RolloutLineReader.Read(Line.ToArray(), isWithTexts: true);
        GetRolloutParams asked = JsonSerializer.Deserialize<GetRolloutParams>("""{"runId":"a","step":1,"index":0,"alternatives":true}"""u8, ProtocolJson.Options)!;
        JsonSerializer.Serialize(Stream.Null, FeedbackPage.Of(rollout, asked.FromToken, asked.Tokens, asked.Columns, asked.Alternatives), ProtocolJson.Create().WithColumns());
    }
}
