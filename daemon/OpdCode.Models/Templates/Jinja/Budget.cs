namespace OpdCode.Models.Templates.Jinja;

/// <summary>How much work one rendering may do. Templates come from strangers; this keeps one from hanging the program.</summary>
internal sealed class Budget
{
    // Every expression costs 20 and every character made costs 1: seconds at worst, and a thousand times what the
    // longest conversation needs.
    private long _left = 200_000_000;

    public void Charge(int line, long amount)
    {
        _left -= amount;
        if (_left < 0)
            throw JinjaFailure.At(line, "the template does too much: a loop without end, or a text that grows without end");
    }
}
