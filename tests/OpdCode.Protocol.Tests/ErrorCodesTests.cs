using System.Reflection;

namespace OpdCode.Protocol.Tests;

public sealed class ErrorCodesTests
{
    [Fact]
    public void Codes_are_unique_and_of_one_form()
    {
        string[] codes = typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!).ToArray();
        Assert.NotEmpty(codes);
        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^OPD[1-4][0-9]{3}$", code));
    }
}
