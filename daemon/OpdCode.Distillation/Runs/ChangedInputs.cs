namespace OpdCode.Distillation.Runs;

/// <summary>What a resumed run does when a model, a data file or its recipe is not what it was when the run began.</summary>
public enum ChangedInputs
{
    /// <summary>Refuse: the result would be that of no recipe at all.</summary>
    Refuse,

    /// <summary>Go on with what is there now; events.jsonl says what differs.</summary>
    Accept,
}
