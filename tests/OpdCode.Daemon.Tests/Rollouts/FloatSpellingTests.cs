using System.Globalization;
using System.Text;
using OpdCode.Daemon.Rollouts;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class FloatSpellingTests
{
    [Theory]
    [InlineData(0.1f, "0.1")]
    [InlineData(-2.5f, "-2.5")]
    [InlineData(12f, "12")]
    [InlineData(100000f, "100000")]
    [InlineData(0.00012f, "0.00012")]
    [InlineData(0.9999999f, "0.9999999")]
    [InlineData(9999999f, "9999999")]
    [InlineData(4.931576E-05f, "4.931576E-05")]
    [InlineData(0f, "0")]
    [InlineData(float.MaxValue, "3.4028235E+38")]
    public void Plain_numbers_are_spelled_plainly(float value, string expected) => Assert.Equal(expected, Spell(value));

    [Fact]
    public void Every_number_comes_back_read_as_a_float_and_as_a_double_and_no_longer_than_the_runtimes()
    {
        var random = new Random(8);
        for (int i = 0; i < 300_000; i++)
        {
            float value = i % 3 == 0 ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))
                : i % 3 == 1 ? (float)-Math.Log(random.NextDouble()) : (float)(Math.Pow(10, random.NextDouble() * 14 - 6) * (random.Next(2) == 0 ? 1 : -1));
            if (!float.IsFinite(value)) continue;
            string spelled = Spell(value);
            Assert.Equal(value, float.Parse(spelled, CultureInfo.InvariantCulture));
            Assert.Equal(value, (float)double.Parse(spelled, CultureInfo.InvariantCulture));
            Assert.True(Significant(spelled) <= Significant(value.ToString("R", CultureInfo.InvariantCulture)), spelled);
        }
    }

    // Digits from the first to the last that is not 0, without an exponent.
    private static int Significant(string number) => new string([.. number.Split('E')[0].Where(char.IsAsciiDigit)]).Trim('0').Length;

    private static string Spell(float value)
    {
        Span<byte> bytes = stackalloc byte[16];
        return Encoding.ASCII.GetString(bytes[..FloatSpelling.Write(value, bytes)]);
    }
}
