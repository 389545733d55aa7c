using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;

/// <summary>
/// Build step: marks one required symbol version of an ELF library as weak, so that the dynamic loader
/// warns instead of refusing when the system's library lacks it.
/// </summary>
/// <remarks>
/// TorchSharp 0.107.0's libLibTorchSharp.so names GLIBCXX_3.4.32 in its version requirements although no
/// relocation uses a symbol of that version. Debian 12 and Ubuntu 22.04 ship GLIBCXX_3.4.30, so the load
/// fails there for nothing. Setting VER_FLG_WEAK (0x2) in that one Vernaux entry makes it load. The step is
/// idempotent, changes two bytes, and touches nothing when the version is not named (a fixed TorchSharp).
/// Layout: System V gABI, "Symbol versioning" (Elf64_Verneed, Elf64_Vernaux).
/// Compiled twice: by MSBuild (inline task, C# 7.3) and into the tests.
/// </remarks>
public sealed class WeakenSymbolVersion : Microsoft.Build.Utilities.Task
{
    private const int SectionVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const ushort FlagWeak = 0x2;                // VER_FLG_WEAK

    /// <summary>The library to change in place. Must not be a hard link into a package cache.</summary>
    [Required]
    public string Library { get; set; }

    /// <summary>The version name whose absence must not stop the load, for example GLIBCXX_3.4.32.</summary>
    [Required]
    public string SymbolVersion { get; set; }

    /// <inheritdoc />
    public override bool Execute()
    {
        byte[] image = File.ReadAllBytes(Library);
        int changed = Weaken(image, SymbolVersion);
        if (changed > 0)
        {
            File.WriteAllBytes(Library, image);
            Log.LogMessage(MessageImportance.Normal, "{0}: {1} is now a weak requirement", Path.GetFileName(Library), SymbolVersion);
        }
        return true;
    }

    /// <summary>Sets VER_FLG_WEAK on every requirement named <paramref name="version"/>; returns how many entries changed.</summary>
    /// <exception cref="InvalidDataException">The image is not a little-endian ELF64 file or its tables point outside it.</exception>
    public static int Weaken(byte[] image, string version)
    {
        if (image.Length < 64 || image[0] != 0x7f || image[1] != 'E' || image[2] != 'L' || image[3] != 'F' || image[4] != 2 || image[5] != 1)
            throw new InvalidDataException("not a little-endian ELF64 file");
        long sections = (long)BitConverter.ToUInt64(image, 0x28);
        int sectionSize = BitConverter.ToUInt16(image, 0x3a), sectionCount = BitConverter.ToUInt16(image, 0x3c);
        if (sectionCount > 0 && sectionSize < 64) throw new InvalidDataException("the section headers are too small");
        int changed = 0;
        for (int i = 0; i < sectionCount; i++)
        {
            long header = sections + (long)i * sectionSize;
            if (U32(image, header + 4) != SectionVersionNeeds) continue;
            long strings = (long)U64(image, sections + U32(image, header + 40) * sectionSize + 24); // sh_link names the string table
            long need = (long)U64(image, header + 24);
            for (uint left = U32(image, header + 44); left > 0; left--) // sh_info counts the Verneed entries
            {
                long entry = need + U32(image, need + 8);
                for (ushort entries = U16(image, need + 2); entries > 0; entries--)
                {
                    if (Name(image, strings + U32(image, entry + 8)) == version && (U16(image, entry + 4) & FlagWeak) == 0)
                    {
                        image[entry + 4] |= (byte)FlagWeak;
                        changed++;
                    }
                    entry += Next(image, entry + 12, entries > 1);
                }
                need += Next(image, need + 12, left > 1);
            }
        }
        return changed;
    }

    private static ushort U16(byte[] image, long at) { Check(image, at, 2); return BitConverter.ToUInt16(image, (int)at); }
    private static uint U32(byte[] image, long at) { Check(image, at, 4); return BitConverter.ToUInt32(image, (int)at); }
    private static ulong U64(byte[] image, long at) { Check(image, at, 8); return BitConverter.ToUInt64(image, (int)at); }

    /// <summary>The distance to the next entry of a chain; zero ends it, which must not be while more are counted.</summary>
    private static uint Next(byte[] image, long at, bool more)
    {
        uint distance = U32(image, at);
        if (more && distance == 0) throw new InvalidDataException("a table ends before its count");
        return distance;
    }

    private static string Name(byte[] image, long at)
    {
        Check(image, at, 1);
        int end = Array.IndexOf(image, (byte)0, (int)at);
        if (end < 0) throw new InvalidDataException("a name runs past the end of the file");
        return Encoding.ASCII.GetString(image, (int)at, end - (int)at);
    }

    private static void Check(byte[] image, long at, int size)
    {
        if (at < 0 || at > image.Length - size) throw new InvalidDataException("a table points outside the file");
    }
}
