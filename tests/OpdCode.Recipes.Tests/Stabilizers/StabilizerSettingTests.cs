using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Recipes.Tests.Stabilizers;

public sealed class StabilizerSettingTests
{
    [Fact]
    public void Every_number_of_a_stabilizer_has_a_title_and_an_honest_range()
    {
        Assert.NotEmpty(StabilizerFit.Kinds);
        foreach (string kind in StabilizerFit.Kinds)
        {
            string required = kind == "soft-clamp" ? ", \"max\": 1" : "";
            foreach (StabilizerSetting setting in StabilizerSetting.Of(StabilizerReader.Parse($$"""[{ "kind": "{{kind}}"{{required}} }]""")))
            {
                Assert.StartsWith("stabilizers[0].", setting.Path, StringComparison.Ordinal);
                Assert.NotEmpty(setting.Title);
                Assert.InRange(setting.Value, setting.Minimum, setting.Maximum);
                Assert.True(setting.Minimum < setting.Maximum, setting.Path);
            }
        }
    }
}
