using System.Runtime.CompilerServices;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// Runs as one block of bytes: reading ten thousand documents takes the database half a second, reading the same runs in
/// forty blocks a few milliseconds.
/// </summary>
internal static class CataloguePage
{
    /// <summary>Runs of a block at most.</summary>
    public const int Most = 256;

    /// <summary>The block of runs.</summary>
    /// <param name="rows">Runs, each with the revision that it was written in.</param>
    /// <param name="place">Full path of the runs folder.</param>
    public static byte[] Write(IReadOnlyCollection<(CatalogueEntry Entry, long Revision)> rows, string place) => SealedBytes.Write(writer => Write(writer, rows, place));

    /// <summary>Writes runs into something larger.</summary>
    public static void Write(BinaryWriter writer, IReadOnlyCollection<(CatalogueEntry Entry, long Revision)> rows, string place)
    {
        writer.Write(place);
        writer.Write(rows.Count);
        foreach ((CatalogueEntry entry, long revision) in rows)
        {
            writer.Write(revision);
            writer.Write(entry.Id);
            writer.Write(entry.Stamp);
            writer.Write(entry.Device);
            writer.Write((byte)entry.State);
            writer.Write(entry.Created.UtcTicks);
            writer.Write(entry.Archived);
            writer.Write(entry.Json.Length);
            writer.Write(entry.Json.Span);
        }
    }

    /// <summary>The runs of a block. Nothing is believed of processes: they may have ended since.</summary>
    /// <param name="page">Its bytes, of which the runs keep parts.</param>
    /// <param name="place">Full path of the runs folder, which may have been moved, or has two names.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static IReadOnlyList<(CatalogueEntry Entry, long Revision)> Read(byte[] page, string place)
    {
        using BinaryReader reader = SealedBytes.Open(page);
        return Read(reader, page, place);
    }

    /// <summary>The runs of what <see cref="Write(BinaryWriter, IReadOnlyCollection{ValueTuple{CatalogueEntry, long}}, string)"/> wrote.</summary>
    /// <param name="reader">Stands where they begin.</param>
    /// <param name="page">All bytes that it reads.</param>
    /// <param name="place">Full path of the runs folder.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static IReadOnlyList<(CatalogueEntry Entry, long Revision)> Read(BinaryReader reader, byte[] page, string place)
    {
        bool isMoved = reader.ReadString() != place;
        var rows = new (CatalogueEntry, long)[reader.ReadInt32()];
        for (int i = 0; i < rows.Length; i++)
        {
            long revision = reader.ReadInt64();
            string id = reader.ReadString(), stamp = reader.ReadString(), device = reader.ReadString();
            var state = (RunState)reader.ReadByte();
            var created = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            bool archived = reader.ReadBoolean();
            int length = reader.ReadInt32();
            var entry = new CatalogueEntry(id, state, created, archived, page.AsMemory((int)reader.BaseStream.Position, length)) { Stamp = stamp, Device = device };
            rows[i] = (isMoved ? entry.At(Path.Combine(place, id)) : entry, revision);
            reader.BaseStream.Position += length;
        }
        return rows;
    }
}
