using System.Buffers.Binary;
using System.Reflection;
using System.Text;

namespace OpdCode.Models.Tests.Natives;

public sealed class WeakenSymbolVersionTests
{
    private const string Version = "GLIBCXX_3.4.32";
    private const int StringsAt = 0x100, NeedsAt = 0x180, SectionsAt = 0x200;

    // The image below: two libraries, the first needing two versions, the second one.
    private const int FirstAux = NeedsAt + 16, SecondAux = FirstAux + 16, SecondNeed = SecondAux + 16, ThirdAux = SecondNeed + 16;

    [Fact]
    public void The_flag_is_set_on_that_version_only_and_no_other_byte_changes()
    {
        byte[] image = Image(), before = Image();
        Assert.Equal(1, WeakenSymbolVersion.Weaken(image, Version));
        before[SecondAux + 4] |= 2;
        Assert.Equal(before, image);
    }

    [Fact]
    public void A_second_pass_changes_nothing()
    {
        byte[] image = Image();
        WeakenSymbolVersion.Weaken(image, Version);
        byte[] once = [.. image];
        Assert.Equal(0, WeakenSymbolVersion.Weaken(image, Version));
        Assert.Equal(once, image);
    }

    [Fact]
    public void A_library_that_does_not_name_the_version_is_left_alone()
    {
        byte[] image = Image();
        Assert.Equal(0, WeakenSymbolVersion.Weaken(image, "GLIBCXX_3.4.3")); // the beginning of a name is not the name
        Assert.Equal(Image(), image);
        Assert.Equal(1, WeakenSymbolVersion.Weaken(image, "GLIBC_2.27"));
        Assert.Equal(2, image[ThirdAux + 4]);
    }

    [Fact]
    public void Flags_that_were_there_stay()
    {
        byte[] image = Image();
        image[SecondAux + 4] = 1; // VER_FLG_BASE
        WeakenSymbolVersion.Weaken(image, Version);
        Assert.Equal(3, image[SecondAux + 4]);
    }

    [Theory]
    [InlineData("too short")]
    [InlineData("not ELF")]
    [InlineData("32 bits")]
    [InlineData("big-endian")]
    [InlineData("sections outside")]
    [InlineData("sections at the end of the address space")]
    [InlineData("needs at the end of the address space")]
    [InlineData("a chain that stands still")]
    [InlineData("a name without an end")]
    public void A_malformed_image_is_refused(string what)
    {
        byte[] image = Image();
        if (what == "too short") image = image[..63];
        if (what == "not ELF") image[1] = 0;
        if (what == "32 bits") image[4] = 1;
        if (what == "big-endian") image[5] = 2;
        if (what == "sections outside") U64(image, 0x28, (ulong)image.Length - 10);
        if (what == "sections at the end of the address space") U64(image, 0x28, long.MaxValue - 2);
        if (what == "needs at the end of the address space") U64(image, SectionsAt + 2 * 64 + 24, long.MaxValue - 3);
        if (what == "a chain that stands still")
        {
            U32(image, SectionsAt + 2 * 64 + 44, uint.MaxValue); // four thousand million entries ...
            U32(image, NeedsAt + 12, 0);                         // ... all at the same place
        }
        if (what == "a name without an end") U64(image, SectionsAt + 64 + 24, (ulong)image.Length - 20);
        if (what == "a name without an end") image.AsSpan(^20..).Fill((byte)'x');
        Assert.Throws<InvalidDataException>(() => WeakenSymbolVersion.Weaken(image, Version));
    }

    [Fact]
    public void Two_thousand_mutated_images_are_read_or_refused()
    {
        var random = new Random(7);
        ulong[] numbers = [0, 1, 2, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, long.MaxValue, 1ul << 63, ulong.MaxValue, 64, NeedsAt];
        int[] fields = [0x28, 0x3a, 0x3c, .. Enumerable.Range(SectionsAt, 192), .. Enumerable.Range(NeedsAt, 96)];
        int refused = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] image = Image();
            int kind = random.Next(3);
            if (kind == 0) image = image[..random.Next(image.Length)];
            if (kind == 1) for (int i = 0; i < 4; i++) image[fields[random.Next(fields.Length)]] ^= (byte)(1 << random.Next(8));
            if (kind == 2) WriteSome(image, fields[random.Next(fields.Length)], numbers[random.Next(numbers.Length)], 1 << random.Next(1, 4));
            try
            {
                WeakenSymbolVersion.Weaken(image, Version);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 500, 1900);
    }

    [Fact]
    public void The_staged_library_is_patched_and_the_packages_own_file_is_not()
    {
        if (!OperatingSystem.IsLinux()) return; // only this system's loader looks at version requirements
        byte[] staged = File.ReadAllBytes(Path.Combine(Metadata("NativeFolder"), "libLibTorchSharp.so"));
        string assembly = typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);
        byte[] package = File.ReadAllBytes(Path.Combine(Metadata("PackageRoot"), "torchsharp", assembly, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));
        byte[] again = [.. staged];
        Assert.Equal(0, WeakenSymbolVersion.Weaken(again, Version)); // done already
        Assert.Equal(1, WeakenSymbolVersion.Weaken(package, Version)); // not done in the package
        Assert.True(package.AsSpan().SequenceEqual(staged)); // and nothing else differs
    }

    private static string Metadata(string key) =>
        typeof(WeakenSymbolVersionTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == key).Value!;

    private static byte[] Image()
    {
        byte[] image = new byte[SectionsAt + 3 * 64];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(image);
        U64(image, 0x28, SectionsAt);
        U16(image, 0x3a, 64);
        U16(image, 0x3c, 3);
        byte[] strings = Encoding.ASCII.GetBytes($"\0libstdc++.so.6\0libc.so.6\0{Version}\0GLIBCXX_3.4.30\0GLIBC_2.27\0");
        strings.CopyTo(image, StringsAt);
        uint Name(string name) => (uint)Encoding.ASCII.GetString(strings).IndexOf("\0" + name + "\0", StringComparison.Ordinal) + 1;

        Section(image, 1, type: 3, StringsAt, strings.Length, link: 0, info: 0);
        Section(image, 2, type: 0x6ffffffe, NeedsAt, 80, link: 1, info: 2);
        Need(image, NeedsAt, count: 2, Name("libstdc++.so.6"), next: SecondNeed - NeedsAt);
        Aux(image, FirstAux, Name("GLIBCXX_3.4.30"), next: 16);
        Aux(image, SecondAux, Name(Version), next: 0);
        Need(image, SecondNeed, count: 1, Name("libc.so.6"), next: 0);
        Aux(image, ThirdAux, Name("GLIBC_2.27"), next: 0);
        return image;
    }

    private static void Section(byte[] image, int index, uint type, int offset, int size, uint link, uint info)
    {
        int at = SectionsAt + index * 64;
        U32(image, at + 4, type);
        U64(image, at + 24, (ulong)offset);
        U64(image, at + 32, (ulong)size);
        U32(image, at + 40, link);
        U32(image, at + 44, info);
    }

    private static void Need(byte[] image, int at, ushort count, uint file, uint next)
    {
        U16(image, at, 1); // vn_version
        U16(image, at + 2, count);
        U32(image, at + 4, file);
        U32(image, at + 8, 16); // vn_aux: right behind
        U32(image, at + 12, next);
    }

    private static void Aux(byte[] image, int at, uint name, uint next)
    {
        U32(image, at, 0x1234); // vna_hash, which nobody reads here
        U32(image, at + 8, name);
        U32(image, at + 12, next);
    }

    private static void WriteSome(byte[] image, int at, ulong number, int size)
    {
        byte[] bytes = BitConverter.GetBytes(number);
        for (int i = 0; i < size && at + i < image.Length; i++) image[at + i] = bytes[i];
    }

    private static void U16(byte[] image, int at, ushort number) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), number);
    private static void U32(byte[] image, int at, uint number) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), number);
    private static void U64(byte[] image, int at, ulong number) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), number);
}
