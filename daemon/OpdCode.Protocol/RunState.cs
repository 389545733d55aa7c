using System.Text.Json.Serialization;

namespace OpdCode.Protocol;

/// <summary>Where a run is in its life. The three ways to stop have three states.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState
{
    /// <summary>Waits for the device.</summary>
    [JsonStringEnumMemberName("queued")] Queued,

    /// <summary>Its worker loads models and data.</summary>
    [JsonStringEnumMemberName("starting")] Starting,

    /// <summary>Steps are made.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>Was asked to pause and finishes its step.</summary>
    [JsonStringEnumMemberName("pausing")] Pausing,

    /// <summary>Holds between two steps, checkpoint written, memory kept.</summary>
    [JsonStringEnumMemberName("paused")] Paused,

    /// <summary>Was asked to stop and save, and finishes its step.</summary>
    [JsonStringEnumMemberName("stopping")] Stopping,

    /// <summary>Was asked to abort.</summary>
    [JsonStringEnumMemberName("aborting")] Aborting,

    /// <summary>Stopped and saved before the last step; resumable.</summary>
    [JsonStringEnumMemberName("stopped")] Stopped,

    /// <summary>Aborted by its user; resumable from the last checkpoint.</summary>
    [JsonStringEnumMemberName("aborted")] Aborted,

    /// <summary>All steps are done.</summary>
    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>Ended with an error that it could tell.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>Its process is gone without a word; resumable from the last checkpoint.</summary>
    [JsonStringEnumMemberName("interrupted")] Interrupted,
}
