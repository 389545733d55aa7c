using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// A copy of the whole catalogue in one plain file, for the process that starts next: the database takes 0.2 s of a
/// start, most of it until its own code is compiled, and this as long as its bytes take to be read. It counts only as long as the database was
/// not written since.
/// </summary>
/// <param name="runs">The runs folder.</param>
internal sealed class RunListFile(RunsFolder runs)
{
    private const int Format = 1;

    /// <summary>What is in it.</summary>
    /// <param name="Written">When the database was written that it is a copy of, in UTC.</param>
    /// <param name="Revision">The newest change of the database that it holds.</param>
    /// <param name="Runs">Every run.</param>
    internal sealed record Copy(DateTime Written, long Revision, IReadOnlyList<CatalogueEntry> Runs);

    /// <summary>The copy; null when there is none, or none of this database, or it is damaged.</summary>
    /// <param name="written">When the database was written, in UTC.</param>
    public Copy? Read(DateTime written)
    {
        try
        {
            if (!File.Exists(runs.ListFile)) return null;
            byte[] bytes = File.ReadAllBytes(runs.ListFile);
            using BinaryReader reader = SealedBytes.Open(bytes);
            if (reader.ReadInt32() != Format || reader.ReadInt64() != written.Ticks) return null;
            long revision = reader.ReadInt64();
            return new Copy(written, revision, [.. CataloguePage.Read(reader, bytes, runs.Path).Select(row => row.Entry)]);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null; // the database says the same
        }
    }

    /// <summary>Writes it.</summary>
    /// <returns>Whether it was written; nothing is lost when not.</returns>
    public bool Write(Copy copy)
    {
        byte[] bytes = SealedBytes.Write(writer =>
        {
            writer.Write(Format);
            writer.Write(copy.Written.Ticks);
            writer.Write(copy.Revision);
            CataloguePage.Write(writer, [.. copy.Runs.Select(run => (run, copy.Revision))], runs.Path);
        });
        try
        {
            WholeFile.ReplaceForNow(runs.ListFile, stream => stream.Write(bytes));
            return true;
        }
        catch (OpdException)
        {
            return false; // the disk is full, or refuses
        }
    }

    /// <summary>Removes it.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(runs.ListFile);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is of another database than the one that comes, which is seen when it is read.
        }
    }
}
