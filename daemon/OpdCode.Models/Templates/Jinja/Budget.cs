using System.Runtime.CompilerServices;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>How much work one rendering may do. Templates come from strangers; this keeps one from hanging the program.</summary>
internal sealed class Budget
{
    // A rendering stays on its thread. Values that hold one another many times over are walked by static code
    // (comparing, printing), which reaches the budget through here.
    [ThreadStatic]
    private static Budget? t_current;

    // Every expression costs 20, every step into a value 30 or 60, every character made 1: a second or two at worst, and far more than the
    // longest conversation needs.
    private long _left = 60_000_000;
    private int _line = 1;

    /// <summary>Makes this the budget of the thread until the result is given back to it.</summary>
    public Budget? Begin()
    {
        Budget? before = t_current;
        t_current = this;
        return before;
    }

    public static void End(Budget? before) => t_current = before;

    public void Charge(int line, long amount)
    {
        _line = line;
        _left -= amount;
        if (_left < 0)
            throw JinjaFailure.At(line, "the template does too much: a loop without end, or a text that grows without end");
    }

    /// <summary>Charges one step into a value.</summary>
    public static void Step(long amount)
    {
        if (t_current is not { } budget)
            return;
        budget.Charge(budget._line, amount);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(budget._line, "a value is nested too deeply");
    }
}
