namespace OpdCode.Recipes.Data;

/// <summary>A data file cut into parts that can be read in any order, without reading what is between.</summary>
internal interface IExampleBlocks
{
    /// <summary>How many parts there are; known without reading them.</summary>
    int Count { get; }

    /// <summary>The examples of a part, each with a number that no other example of the file has.</summary>
    /// <param name="block">From 0.</param>
    /// <exception cref="OpdCode.Protocol.OpdException">OPD1201 naming file and line.</exception>
    IEnumerable<(TrainingExample Example, long Place)> Read(int block);
}
