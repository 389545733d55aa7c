namespace OpdCode.Recipes.Data;

/// <summary>A Parquet file by its row groups.</summary>
internal sealed class ParquetBlocks(string path) : IExampleBlocks
{
    private readonly IReadOnlyList<long> _firstRows = ParquetExamples.FirstRows(path);

    public int Count => _firstRows.Count;

    public IEnumerable<(TrainingExample Example, long Place)> Read(int block)
    {
        foreach ((TrainingExample? example, OpdCode.Protocol.OpdException? failure, int row) in ParquetExamples.ReadGroup(path, block, checked((int)_firstRows[block])))
            yield return (example ?? throw failure!, row);
    }
}
