using System.Security.Cryptography;
using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// Runs as one block of bytes: reading ten thousand documents takes the database half a second, reading the same runs in
/// forty blocks a few milliseconds. A block ends with its hash, because what it says is handed on unread.
/// </summary>
internal static class CataloguePage
{
    /// <summary>Runs of a block at most.</summary>
    public const int Most = 256;

    /// <summary>The block of runs.</summary>
    /// <param name="rows">Runs, each with the revision that it was written in.</param>
    /// <param name="place">Full path of the runs folder.</param>
    public static byte[] Write(IReadOnlyCollection<(CatalogueEntry Entry, long Revision)> rows, string place)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
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
        bytes.Write(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        return bytes.ToArray();
    }

    /// <summary>The runs of a block. Nothing is believed of processes: they may have ended since.</summary>
    /// <param name="page">Its bytes, of which the runs keep parts.</param>
    /// <param name="place">Full path of the runs folder, which may have been moved, or has two names.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static IReadOnlyList<(CatalogueEntry Entry, long Revision)> Read(byte[] page, string place)
    {
        int end = page.Length - SHA256.HashSizeInBytes;
        if (end < 0 || !SHA256.HashData(page.AsSpan(0, end)).AsSpan().SequenceEqual(page.AsSpan(end))) throw new InvalidDataException("a block of the catalogue is damaged");
        using var bytes = new MemoryStream(page, 0, end);
        using var reader = new BinaryReader(bytes, Encoding.UTF8);
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
            var entry = new CatalogueEntry(id, state, created, archived, page.AsMemory((int)bytes.Position, length)) { Stamp = stamp, Device = device };
            rows[i] = (isMoved ? entry.At(Path.Combine(place, id)) : entry, revision);
            bytes.Position += length;
        }
        return rows;
    }
}
