namespace OpdCode.Daemon.Work;

/// <summary>What can happen to a run: asked by people, or reported by its worker or its supervisor.</summary>
internal enum RunInput
{
    /// <summary>The device is free and a worker is started.</summary>
    Start,

    /// <summary>Models and data are loaded; steps begin.</summary>
    Load,

    /// <summary>Someone asks to hold.</summary>
    AskPause,

    /// <summary>The step is finished and saved; the worker holds.</summary>
    Hold,

    /// <summary>Someone asks to go on.</summary>
    AskResume,

    /// <summary>Someone asks to save and end.</summary>
    AskStop,

    /// <summary>The step is finished and saved; the worker ends.</summary>
    Save,

    /// <summary>Someone asks to end at once.</summary>
    AskAbort,

    /// <summary>The worker ends without saving, as it was asked to.</summary>
    Cancel,

    /// <summary>The last step is done.</summary>
    Finish,

    /// <summary>An error that could be told ends the run.</summary>
    Fail,

    /// <summary>The worker's process is gone without a word.</summary>
    Lose,
}
