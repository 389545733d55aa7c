using System.Text;
using System.Text.Json;
using OpdCode.Daemon.Rollouts;

namespace OpdCode.Daemon.Tests.Rollouts;

/// <summary>Columns spell themselves; the slow twin is the serializer.</summary>
public sealed class ColumnSpellingTests
{
    [Fact]
    public void Numbers_are_spelled_as_the_serializer_spells_floats()
    {
        var random = new Random(3);
        float[] values =
        [
            0, -0f, 1, 9, 10, -1, 0.5f, 1e-45f, float.MaxValue, float.MinValue, float.Epsilon, 16_777_217, 1e20f, 3.1e-7f,
            .. Enumerable.Range(0, 20_000).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))).Where(float.IsFinite),
        ];
        Assert.Equal(JsonSerializer.Serialize(values), Encoding.UTF8.GetString(new FloatColumn(values).Json));
        Assert.Equal(values, JsonSerializer.Deserialize<float[]>(new FloatColumn(values).Json));
    }

    [Fact]
    public void What_is_no_number_is_null()
    {
        var column = new FloatColumn(new[] { 1.5f, float.NaN, float.PositiveInfinity, float.NegativeInfinity });
        Assert.Equal("[1.5,null,null,null]", Encoding.UTF8.GetString(column.Json));
        Assert.Equal([1.5, null, null, null], column);
    }

    [Fact]
    public void Levels_are_spelled_as_the_serializer_spells_whole_numbers()
    {
        sbyte[] levels = [.. Enumerable.Range(-9, 19).Select(l => (sbyte)l)];
        var column = new LevelColumn(levels);
        Assert.Equal(JsonSerializer.Serialize(column.ToArray()), Encoding.UTF8.GetString(column.Json));
        Assert.Equal(levels.Select(l => (int)l), column);
        Assert.Equal("[]", Encoding.UTF8.GetString(new LevelColumn(Array.Empty<sbyte>()).Json));
        Assert.Equal("[]", Encoding.UTF8.GetString(new FloatColumn(Array.Empty<float>()).Json));
    }
}
